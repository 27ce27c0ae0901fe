import { spawn, type StdioOptions } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { latestCheckpoint } from '@ttt-e2e/checkpoint'
import { expect, it } from 'vitest'
import { ended, metricsOf, microSettings, spawnTrainer, startTrainer, untilStep } from './testing'

const folder = mkdtempSync(join(tmpdir(), 'trainer-output-'))
writeFileSync(join(folder, 'file'), '')

const train = (out: string, steps: number) =>
  ['--recipe', 'tiny/languages', '--engine', 'wasm', '--threads', '1', '--out', out].concat(microSettings, [
    '--set',
    `training.optimizer.schedule.steps=${steps}`,
    '--set',
    'evaluation.every=1000',
  ])

it('trains to the end where nobody reads what it says, or its disk is full', async () => {
  const steps = 6
  const outputs: [name: string, stdio: StdioOptions, complaint: RegExp][] = [
    ['closed', ['ignore', 'pipe', 'pipe'], /^$/],
  ]
  if (existsSync('/dev/full'))
    outputs.push([
      'full',
      ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      /^nothing more can be printed: no space is left on the disk of the output \(ENOSPC\)\n$/,
    ])
  await Promise.all(
    outputs.map(async ([name, stdio, complaint]) => {
      const child = spawnTrainer(folder, train(name, steps), stdio)
      child.stdout?.destroy()
      let said = ''
      child.stderr!.on('data', (text) => (said += String(text)))
      const code = await new Promise((resolve) => child.on('close', resolve))
      expect([name, code]).toEqual([name, 0])
      expect(said).toMatch(complaint)
      expect(metricsOf(join(folder, name)).filter(({ kind }) => kind === 'step')).toHaveLength(steps)
      expect(latestCheckpoint(join(folder, name))!.path).toMatch(/step-000006$/)
    }),
  )
})

it('ends listings quietly where nobody reads them', async () => {
  const child = startTrainer(folder, '--help')
  child.stdout!.destroy()
  const { code, stderr } = await ended(child)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

it('answers what the file system refuses with one sentence and exit code 2', async () => {
  const refused: [out: string, sentence: RegExp][] = [
    [
      'file',
      /^'.*\/file' can't be used: a file stands where a folder is expected \(EEXIST\); give --out .*\n$/,
    ],
    [
      'file/run',
      /^'.*\/run' can't be used: a file stands where a folder is expected \(ENOTDIR\); give --out .*\n$/,
    ],
  ]
  if (existsSync('/proc/self'))
    refused.push([
      '/proc/x',
      /^'\/proc\/x' can't be used: there is no such file or folder \(ENOENT\); give --out .*\n$/,
    ])
  const answers = await Promise.all(refused.map(([out]) => ended(startTrainer(folder, ...train(out, 2)))))
  answers.forEach(({ code, stderr }, i) => {
    expect(stderr).toMatch(refused[i][1])
    expect(code).toBe(2)
  })
})

it('refuses to train where another process does, with its id', async () => {
  const first = startTrainer(folder, ...train('taken', 1000))
  const end = ended(first)
  await untilStep(join(folder, 'taken'), 1)
  const { code, stderr } = await ended(startTrainer(folder, ...train('taken', 1000)))
  expect(stderr).toMatch(
    new RegExp(`^'.*/taken' can't be used: process ${first.pid} writes to it; end that one first.*\n$`),
  )
  expect(code).toBe(2)
  first.kill('SIGTERM')
  expect((await end).code).toBe(130)
})

/** Ctrl-C at the moment that a line of its output tells. */
async function interruptedAt(line: RegExp, parameters: string[]) {
  const child = startTrainer(folder, ...parameters)
  let said = ''
  child.stdout!.on('data', (text) => {
    if (!line.test(said) && line.test((said += String(text)))) child.kill('SIGINT')
  })
  return await ended(child)
}
const set = (setting: string) => ['--set', setting]

it('stops in an evaluation at Ctrl-C, in the last one too: saved, said, and without its numbers', async () => {
  const run = join(folder, 'evaluated')
  const long = [...train('evaluated', 2), ...set('evaluation.length=32768'), ...set('evaluation.documents=8')]
  const child = startTrainer(folder, ...long)
  const end = ended(child)
  await untilStep(run, 2)
  child.kill('SIGINT')
  const { code, stdout } = await end
  expect(stdout).toMatch(/\nstopped after step 2 of 2 and saved; go on with --resume .*\n$/)
  expect(stdout).not.toContain('done')
  expect(code).toBe(130)
  expect(latestCheckpoint(run)!.path).toMatch(/step-000002$/)
  expect(metricsOf(run).map(({ kind }) => kind)).toEqual(['step', 'step'])
})

it('leaves nothing of a run that Ctrl-C stops before its first step, and says so', async () => {
  const long = [...train('stopped', 2), ...set('training.length=16384')]
  const { code, stdout } = await interruptedAt(/steps of /, long)
  expect(stdout).toMatch(/\nstopped before a step was taken: there was nothing to save\n$/)
  expect(code).toBe(130)
  expect(existsSync(join(folder, 'stopped'))).toBe(false)
})

// Of an end of the terminal pnpm dies, and passes nothing on.
it.skipIf(process.platform === 'win32').each([
  ['SIGTERM', 130],
  ['SIGHUP', null],
] as const)('is reached by a signal to the documented command: %s', async (signal, expected) => {
  const { packageManager } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'),
  ) as { packageManager: string }
  const root = join(import.meta.dirname, '../../..')
  const which = spawn('npx', ['--yes', '-p', packageManager, '-c', 'command -v pnpm'], { cwd: root })
  const pnpm = (await ended(which)).stdout.trim()
  const run = join(folder, `signalled-${signal}`)
  const child = spawn(process.execPath, [pnpm, '--filter', 'trainer', 'start', ...train(run, 1000)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = ended(child)
  await untilStep(run, 2)
  child.kill(signal)
  const { code, stdout } = await end
  expect(stdout).toMatch(/stopped after step \d+ of 1000 and saved; go on with --resume /)
  expect(code).toBe(expected)
  expect(latestCheckpoint(run)).toBeDefined()
})

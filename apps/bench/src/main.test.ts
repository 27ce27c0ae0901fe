import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromSource } from '@ttt-e2e/from-source'
import { expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'cli-'))
const main = await fromSource(join(import.meta.dirname, 'main.ts'))

interface Answer {
  code: number
  stdout: string
  stderr: string
}

/** @param interruptAt what is printed when Ctrl-C is pressed */
function bench(parameters: string[], interruptAt?: RegExp): Promise<Answer> {
  const options = { cwd: join(import.meta.dirname, '..'), env: { ...process.env, INIT_CWD: folder } }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...parameters], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
    child.stdout!.on('data', (text: string) => {
      if (interruptAt?.test(text)) child.kill('SIGINT')
    })
  })
}

it('answers bad input with one sentence and exit code 2', async () => {
  writeFileSync(join(folder, 'short.txt'), 'hello')
  const cases: [parameters: string[], sentence: RegExp][] = [
    [['--systems', 'swa,lstm'], /^unknown system 'lstm'; known: ttt-e2e, .*\n$/],
    [
      ['read-speed', '--positions', '--size', 'XS', '--systems', 'swa,hybrid-5-1'],
      /^hybrid-5-1 can't be measured at --size XS: .*\n$/,
    ],
    [['systems', '--size', 'huge'], /^unknown size 'huge'; known: languages, books, .*\n$/],
    [['--engine', 'abacus'], /^unknown engine 'abacus'; known: auto, native, .*\n$/],
    [
      ['--data', 'short.txt', '--engine', 'cpu'],
      /^the longest document of '.*short.txt' has 5 bytes; one of .*\n$/,
    ],
  ]
  const answers = await Promise.all(cases.map(([parameters]) => bench(parameters)))
  answers.forEach(({ code, stderr }, i) => {
    expect(stderr).toMatch(cases[i][1])
    expect(code).toBe(2)
  })
})

it('stops with its workers at Ctrl-C, everything saved', async () => {
  const sizes = [
    '--preset',
    'tiny',
    '--engine',
    'cpu',
    '--task',
    'languages',
    '--systems',
    'swa,full-attention',
    '--only',
    'loss-by-index',
  ]
  const stopped = await bench([...sizes, '--workers', '2', '--out', 'runs/stopped'], / step \d+\//)
  expect(stopped.stdout).toContain('2 runs side by side, each in a process of its own')
  expect(stopped.stdout).toMatch(/the same command goes on from here\n$/)
  expect(stopped.code).toBe(130)
  const saved = ['swa', 'full-attention'].filter((system) =>
    existsSync(join(folder, 'runs/stopped/languages', system, 'seed-0/checkpoints')),
  )
  expect(saved).not.toEqual([])
}, 120_000)

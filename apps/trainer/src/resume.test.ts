import '@ttt-e2e/kernels/engines'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileNames, latestCheckpoint } from '@ttt-e2e/checkpoint'
import { resolveEngine, type Precision } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { ended, metricsOf, microSettings, startTrainer, untilStep } from './testing'

const folder = mkdtempSync(join(tmpdir(), 'resume-'))

const filesOf = (run: string) => {
  const { path } = latestCheckpoint(run)!
  return [fileNames.model, fileNames.optimizer].map((name) => readFileSync(join(path, name)))
}

type Precise = [engine: string, precision: Precision]
const command = (system: string, [engine, precision]: Precise, steps: number) =>
  [
    '--recipe',
    'tiny/languages',
    '--system',
    system,
    '--engine',
    engine,
    '--precision',
    precision,
    '--threads',
    '1',
  ].concat(microSettings, [
    '--set',
    `training.optimizer.schedule.steps=${steps}`,
    '--set',
    'evaluation.every=8',
  ])

const precise: Precise[] = [
  ['cpu', 'f32'],
  ['native', 'f32'],
  ['native', 'bf16'],
]
describe.each(precise)('on %s in %s', (engine, precision) => {
  it.each(['ttt-e2e', 'full-attention'])(
    '%s: k steps, kill -9 and the rest are the same bits as all at once',
    async (system) => {
      const reason = await resolveEngine(engine, { precision }).then(
        () => '',
        (error: Error) => error.message,
      )
      if (reason !== '') return expect(reason).toContain(engine)
      const run = (name: string) => join(folder, `${system}-${engine}-${precision}-${name}`)
      const train = (name: string, ...more: string[]) =>
        startTrainer(folder, ...command(system, [engine, precision], 16), '--out', run(name), ...more)
      const whole = ended(train('whole'))
      const killed = train('killed', '--save-every', '2')
      const end = ended(killed)
      await untilStep(run('killed'), 5)
      killed.kill('SIGKILL')
      expect((await end).signal).toBe('SIGKILL')
      expect(await whole).toMatchObject({ code: 0, stderr: '' })
      const resumed = await ended(
        startTrainer(folder, '--resume', run('killed'), '--engine', engine, '--threads', '1'),
      )
      expect(resumed).toMatchObject({ code: 0 })
      expect(resumed.stdout).toMatch(/16 steps from step \d+ of 2 × 32 tokens/)
      expect(resumed.stdout.includes('bf16')).toBe(precision === 'bf16')
      expect(metricsOf(run('killed'))).toEqual(metricsOf(run('whole')))
      expect(metricsOf(run('whole'))).toHaveLength(18)
      expect(filesOf(run('killed'))).toEqual(filesOf(run('whole')))
    },
  )
})

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s saves and ends with 130; the run goes on',
    async (signal) => {
      const run = join(folder, signal)
      const child = startTrainer(folder, ...command('ttt-e2e', ['wasm', 'f32'], 400), '--out', run)
      const end = ended(child)
      await untilStep(run, 3)
      child.kill(signal)
      const { code, stdout, stderr } = await end
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
      const [, step] = /stopped after step (\d+) of 400 and saved; go on with --resume /.exec(stdout)!
      expect(metricsOf(run).at(-1)).toMatchObject({ step: Number(step) })
      expect(latestCheckpoint(run)!.path).toMatch(new RegExp(`step-0*${step}$`))
    },
  )
})

import { fromSource } from '@ttt-e2e/from-source'
import { spawnRanks } from '@ttt-e2e/mpi'
import { hasMpi, mpis } from '@ttt-e2e/mpi/testing'
import { fileNames, latestCheckpoint } from '@ttt-e2e/checkpoint'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ended, metricsOf, microSettings, untilStep } from './testing'

const folder = mkdtempSync(join(tmpdir(), 'trainer-mpi-'))
const script = await fromSource(join(import.meta.dirname, 'main.ts'))
const settings = [...microSettings, '--set', 'training.batch=4', '--set', 'evaluation.every=4']
const steps = (count: number) => ['--set', `training.optimizer.schedule.steps=${count}`]

const start = (ranks: number, ...parameters: string[]) =>
  spawnRanks({
    ranks,
    script,
    mpirun: mpis['Open MPI'],
    parameters: [...parameters, '--engine', 'wasm', '--deterministic'],
    folder: join(import.meta.dirname, '..'),
    environment: { INIT_CWD: folder },
  })
const begin = (ranks: number, out: string, count: number, ...more: string[]) =>
  start(
    ranks,
    '--recipe',
    'tiny/languages',
    ...settings,
    ...steps(count),
    '--out',
    join(folder, out),
    ...more,
  )

const filesOf = (run: string) => {
  const { path } = latestCheckpoint(join(folder, run))!
  return [fileNames.model, fileNames.optimizer].map((name) => readFileSync(join(path, name)))
}

describe.skipIf(process.platform !== 'linux' || !hasMpi(mpis['Open MPI']))('several processes', () => {
  it('train the run that one process trains, and one of them tells of it', async () => {
    const [one, four] = [await ended(begin(1, 'one', 4)), await ended(begin(4, 'four', 4))]
    expect(one).toMatchObject({ code: 0, stderr: '' })
    expect(four).toMatchObject({ code: 0, stderr: '' })
    expect(four.stdout.match(/^done: 4 steps/gm)).toHaveLength(1)
    expect(four.stdout).toContain('4 ranks, each with ')
    expect(metricsOf(join(folder, 'four'))).toEqual(metricsOf(join(folder, 'one')))
    expect(filesOf('four')).toEqual(filesOf('one'))
  })

  it('all end where one is killed, and go on from the last checkpoint with the same bits', async () => {
    const whole = ended(begin(1, 'whole', 12))
    const killed = begin(2, 'killed', 12, '--save-every', '2')
    const end = ended(killed)
    await untilStep(join(folder, 'killed'), 3)
    const ranks = readFileSync(`/proc/${killed.pid}/task/${killed.pid}/children`, 'utf8').trim().split(' ')
    const killedAt = performance.now()
    process.kill(Number(ranks[1]), 'SIGKILL')
    const { code, stdout, stderr } = await end
    expect(performance.now() - killedAt).toBeLessThan(30_000)
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/rank 1 .* exited on signal 9 \(Killed\)/)
    expect(await ended(start(4, '--resume', join(folder, 'killed')))).toMatchObject({ code: 0 })
    await whole
    expect(metricsOf(join(folder, 'killed'))).toEqual(metricsOf(join(folder, 'whole')))
    expect(filesOf('killed')).toEqual(filesOf('whole'))
  })

  it('are told once what can not be met, and all end', async () => {
    const { code, stderr } = await ended(start(2, '--recipe', 'tiny/nothing'))
    expect(code).toBe(2)
    expect(stderr.match(/tiny\/nothing/g)).toHaveLength(1)
  })
})

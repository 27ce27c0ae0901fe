import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { expect, it } from 'vitest'
import { loadCheckpoint } from './load-checkpoint'
import { saveCheckpoint } from './save-checkpoint'
import { startChild } from './testing/child'
import { microRun } from './testing/micro-run'

const folder = mkdtempSync(join(tmpdir(), 'crash-'))

/** `KILLS=200` for more. */
const kills = Number(process.env.KILLS ?? 21)
const side = 3

it(`leaves a loadable checkpoint when it is killed while it saves, ${kills} times`, async () => {
  await resolveEngine('cpu')
  const random = createRandom(Date.now())
  const leftovers: string[] = []
  const course = async (run: string) => {
    await saveCheckpoint(run, microRun())
    let reached = 0
    for (let i = 0; i < kills / side; i++) {
      const child = await startChild('keep-saving.ts', run)
      const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)))
      await new Promise((resolve) => child.stdout!.once('data', resolve))
      await new Promise((resolve) => setTimeout(resolve, 60 * random.uniform()))
      child.kill('SIGKILL')
      expect(await ended).toBe('SIGKILL')
      leftovers.push(...readdirSync(join(run, 'checkpoints')).filter((name) => name.startsWith('.')))
      const reasons: string[] = []
      const { info, state } = await loadCheckpoint(run, { onSkipped: (reason) => reasons.push(reason) })
      // What carries a checkpoint's name is whole: the newest is never one to pass over.
      expect(reasons).toEqual([])
      expect(info.step).toBeGreaterThan(reached)
      reached = info.step
      disposeRun(state)
    }
    return readdirSync(join(run, 'checkpoints'))
  }
  const runs = Array.from({ length: side }, (_, n) => course(join(folder, `run-${n}`)))
  for (const names of await Promise.all(runs)) expect(names.length).toBeLessThan(6)
  // Otherwise no kill came in the middle of a save, and nothing was shown.
  expect(leftovers.length).toBeGreaterThan(0)
}, 1_200_000)

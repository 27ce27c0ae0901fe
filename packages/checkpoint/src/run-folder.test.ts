import { appendFileSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine, tf, treeLeaves, treeMap } from '@ttt-e2e/tensor-ops'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadCheckpoint, loadParameters } from './load-checkpoint'
import { latestCheckpoint, listCheckpoints } from './run-folder'
import { saveCheckpoint } from './save-checkpoint'
import { saveModel } from './save-model'
import { microRecipe, microRun } from './testing/micro-run'

beforeAll(() => resolveEngine('cpu'))
let run: string
beforeEach(() => (run = mkdtempSync(join(tmpdir(), 'run-'))))

const names = () => readdirSync(join(run, 'checkpoints')).sort()
async function saveSteps(...steps: number[]): Promise<string[]> {
  const paths: string[] = []
  for (const step of steps) paths.push(await saveCheckpoint(run, microRun(microRecipe(), step)))
  return paths
}

describe('a run folder', () => {
  it('gives back the run, bit for bit', async () => {
    const saved = microRun(microRecipe(), 7)
    saved.state.firstMoments = treeMap(
      saved.state.firstMoments,
      (leaf) => tf.randomNormal(leaf.shape) as never,
    )
    const path = await saveCheckpoint(run, { ...saved, gitHash: 'abc' })
    for (const folder of [run, path]) {
      const { state, info } = await loadCheckpoint(folder)
      const values = ({ params, firstMoments, secondMoments }: typeof state) =>
        treeLeaves([params, firstMoments, secondMoments]).map((leaf) => leaf.dataSync())
      expect(values(state)).toEqual(values(saved.state))
      expect(state).toMatchObject({ step: 7, tokens: 224, cursor: { nextSample: 14 } })
      expect(info).toMatchObject({ recipe: saved.recipe, gitHash: 'abc', innerRateMultiplier: 1 })
    }
  })

  it('keeps the last two', async () => {
    await saveSteps(1, 2, 3)
    expect(names()).toEqual(['step-000002', 'step-000003'])
  })

  it('saves a step again beside the first time, and drops what lies further on', async () => {
    await saveSteps(10, 20, 15, 15)
    expect(names()).toEqual(['step-000015', 'step-000015.2'])
    expect(latestCheckpoint(run)?.path).toBe(join(run, 'checkpoints/step-000015.2'))
  })

  it('passes over a damaged one and says so', async () => {
    const [first, second] = await saveSteps(1, 2)
    appendFileSync(join(second, 'optimizer.safetensors'), 'x')
    const reasons: string[] = []
    const { path } = await loadCheckpoint(run, { onSkipped: (reason) => reasons.push(reason) })
    expect(path).toBe(first)
    expect(reasons).toEqual([
      `'${second}' can't be used: optimizer.safetensors is not the file that was saved (its hash differs); ` +
        `'${first}' is taken instead`,
    ])
    appendFileSync(join(first, 'run.json'), 'x')
    expect(() => latestCheckpoint(run)).toThrow(
      /step-000002.*hash differs.*step-000001.*run\.json is not JSON/,
    )
  })

  it('refuses to save values that are not finite, and keeps what there was', async () => {
    await saveSteps(1)
    const spoilt = microRun(microRecipe(), 2)
    spoilt.state.params = treeMap(spoilt.state.params, (leaf, path) =>
      path === 'finalNorm' ? tf.mul(leaf, NaN) : leaf,
    )
    await expect(saveCheckpoint(run, spoilt)).rejects.toThrow(
      /step-000002.*finalNorm has values that are not finite/,
    )
    expect(names()).toEqual(['step-000001'])
  })

  it('has nothing where nothing was saved', async () => {
    expect(listCheckpoints(run)).toEqual([])
    expect(latestCheckpoint(run)).toBeUndefined()
    await expect(loadCheckpoint(run)).rejects.toThrow(/holds no checkpoint/)
    await expect(loadCheckpoint(join(run, 'none'))).rejects.toThrow(/there is no such folder/)
  })
})

describe('a model folder', () => {
  it('has the same parameters and no optimizer', async () => {
    const [path] = await saveSteps(3)
    const model = join(run, 'model')
    await saveModel(run, model)
    expect(readdirSync(model).sort()).toEqual(['model.safetensors', 'run.json'])
    expect(readFileSync(join(model, 'model.safetensors'))).toEqual(
      readFileSync(join(path, 'model.safetensors')),
    )
    expect((await loadParameters(model)).info.step).toBe(3)
    await expect(loadCheckpoint(model)).rejects.toThrow(
      /it is a model to read with, saved without the optimizer/,
    )
    await expect(saveModel(run, model)).rejects.toThrow(/it is not empty/)
  })
})

it('holds no tensors that nobody owns', async () => {
  const saved = microRun(microRecipe(), 1)
  const before = tf.memory().numTensors
  await saveCheckpoint(run, saved)
  disposeRun((await loadCheckpoint(run)).state)
  expect(tf.memory().numTensors).toBe(before)
})

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { warmStart, type WarmStartOptions } from '@ttt-e2e/baselines'
import '@ttt-e2e/kernels/engines'
import {
  createRandom,
  disposeTree,
  relativeErrorOf,
  resolveEngine,
  tf,
  tidy,
  treeEntries,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { Reader, type Params, type System } from '@ttt-e2e/ttt-inner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, saveHuggingFace, type Model } from './index'
import { tinyLlama, tinyModel } from './testing/tiny-llama'

const options: WarmStartOptions = {
  system: 'ttt-e2e',
  suffixBlocks: 1,
  prime: { from: 'zero-output', width: 8, weights: 'own' },
  window: 24,
  keepFirst: { count: 4, positions: 'cache' },
  chunk: 8,
  innerRate: 0.5,
}
const text = Int32Array.from({ length: 40 }, (_, i) => (i * 37) % 256)

/** Logits after each piece of 8 of the first `length` tokens. */
async function logitsOf(system: System, params: Params, length: number, learn = false) {
  const reader = new Reader(system, params)
  const all: number[] = []
  for (let at = 0; at < length; at += 8) {
    await reader.read(text.subarray(at, Math.min(length, at + 8)), { learn })
    all.push(...(await reader.nextLogits()))
  }
  reader.dispose()
  return all
}

describe.each(['cpu', 'native'])('a pretrained folder on %s', (engine) => {
  useEngine(engine)
  let model: Model
  beforeAll(async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'warm-')), 'pretrained')
    const made = await tinyModel()
    await saveHuggingFace(made, folder)
    made.dispose()
    model = await loadModel(folder)
  })
  afterAll(() => model.dispose())

  const start = (changed: Partial<WarmStartOptions>) =>
    warmStart(
      { architecture: model.system.architecture!, params: model.params },
      { ...options, ...changed },
      createRandom(1),
    )

  it.each([
    ['prime MLPs that add nothing', {}],
    ['prime MLPs that add nothing, drawn', { prime: { ...options.prime, width: 40, weights: 'random' } }],
    ['prime MLPs in both blocks', { suffixBlocks: 2 }],
    ['no prime MLPs', { system: 'swa' }],
    ['no prime MLPs and no window', { system: 'full-attention' }],
  ] as [string, Partial<WarmStartOptions>][])(
    'is itself, bit for bit, with %s where the window covers the text',
    async (_, changed) => {
      const { system, params } = start(changed)
      expect(await logitsOf(system, params, 24)).toEqual(await logitsOf(model.system, model.params, 24))
      disposeTree(params)
    },
  )

  it('is itself in a window, with learning off', async () => {
    const window = start({ system: 'swa', window: 10 })
    const whole = start({ window: 10 })
    const expected = await logitsOf(window.system, window.params, 40)
    expect(await logitsOf(whole.system, whole.params, 40)).toEqual(expected)
    expect(await logitsOf(model.system, model.params, 40)).not.toEqual(expected)
    const learned = await logitsOf(whole.system, whole.params, 40, true)
    expect(learned).not.toEqual(expected)
    expect(learned.every(Number.isFinite)).toBe(true)
    disposeTree([window.params, whole.params])
  })

  it.each([1, 8, 23])(
    'is itself but for the order of sums with %i units of its MLP as prime',
    async (width) => {
      const { system, params } = start({ suffixBlocks: 2, prime: { from: 'split', width, weights: 'own' } })
      const actual = await logitsOf(system, params, 24)
      const expected = await logitsOf(model.system, model.params, 24)
      const error = tidy(() => relativeErrorOf(tf.tensor(actual), tf.tensor(expected)))
      expect(error).toBeLessThan(1e-5)
      expect(system.decoder.parameterCount).toBe(model.system.decoder.parameterCount)
      expect(treeEntries(params.prime).map(([, { shape }]) => shape)).toEqual(
        [0, 1].flatMap(() => [[16, width], [16, width], [width, 16]]), // prettier-ignore
      )
      disposeTree(params)
    },
  )

  it('goes on with prime MLPs that it has', async () => {
    const first = start({})
    const again = warmStart(
      { architecture: first.system.architecture!, params: first.params },
      { ...options, window: 12, chunk: 4, suffixBlocks: 2 },
      createRandom(1),
    )
    expect(again.system.architecture).toMatchObject({ suffixBlocks: 1, rule: { chunk: 4 } })
    const valuesOf = (params: Params) => treeEntries(params).map(([path, leaf]) => [path, leaf.dataSync()])
    expect(valuesOf(again.params)).toEqual(valuesOf(first.params))
    disposeTree([first.params, again.params])
  })

  it.each([
    [{ prime: { ...options.prime, width: 25 } }, 'primeWidth is 25; as copies of the first units'],
    [{ prime: { from: 'split', width: 24, weights: 'own' } }, 'primeWidth is 24; split off an MLP of 24'],
    [{ suffixBlocks: 3 }, "3 suffix blocks don't fit into 2 layers"],
  ] as [Partial<WarmStartOptions>, string][])('refuses %j', (changed, message) => {
    expect(() => start(changed)).toThrow(message)
  })
})

it('is built of a model with norms after its sublayers, too', async () => {
  await resolveEngine('cpu')
  const model = await tinyModel({ ...tinyLlama, postNorms: true })
  const pretrained = { architecture: model.system.architecture!, params: model.params }
  const { system, params } = warmStart(pretrained, options, createRandom(1))
  expect(await logitsOf(system, params, 24)).toEqual(await logitsOf(model.system, model.params, 24))
  disposeTree(params)
  model.dispose()
})

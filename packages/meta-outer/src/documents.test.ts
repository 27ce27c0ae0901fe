import { describe, expect, it } from 'vitest'
import '@ttt-e2e/kernels/engines'
import {
  createRandom,
  disposeTree,
  liveTensors,
  relativeError,
  resolveEngine,
  tf,
  treeEntries,
  treeLeaves,
  treeMap,
  type Batch,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import { metaGradient } from './meta-gradient'
import { sequencesOf } from './sequences'
import { randomBatch, smallSystem } from './testing'
import { startRun } from './run-state'
import { standardOptimizer } from './optimizer'
import { trainStep } from './train-step'
import { standardSchedule } from './schedule'

const systems: [string, System][] = [
  ['ttt-e2e', smallSystem()],
  ['full-attention', smallSystem({ learns: false, suffixBlocks: 0, window: 0 })],
  ['swa', smallSystem({ learns: false, suffixBlocks: 0 })],
]

/** Tokens of each row's documents; a row has 26 targets. One document is of a single token, others end a chunk early. */
const rows = [
  [9, 1, 5, 12],
  [14, 13],
  [6, 9, 12],
]

function packed(seed = 3): Batch {
  const batch = randomBatch(3, 26, [2, 20, 31], seed)
  const documentStarts = new Uint8Array(3 * 27)
  rows.forEach((lengths, row) => {
    let start = row * 27
    for (const length of lengths) {
      documentStarts[start] = 1
      start += length
    }
  })
  return { ...batch, documentStarts }
}

/** Each document as a batch of its own. */
function alone(batch: Batch, system: System): { batch: Batch; at: number; chunks: number }[] {
  return sequencesOf(system, batch).sequences.map(({ row, start, length, chunks }) => ({
    batch: {
      tokens: batch.tokens.slice(row * 27 + start, row * 27 + start + length + 1),
      mask: batch.mask.slice(row * 26 + start, row * 26 + start + length),
      batch: 1,
      length,
      cursor: null,
    },
    at: row * 26 + start,
    chunks,
  }))
}

const parametersOf = (system: System) =>
  treeMap(system.decoder.init(createRandom(2)), (leaf, path) => (/norm/i.test(path) ? leaf : tf.mul(leaf, 8)))

describe.each(['cpu', 'native', 'wasm'])('documents in one row, on %s', (engine) => {
  useEngine(engine)

  it.each(systems)('have the losses and the gradient that they have alone: %s', async (_, system) => {
    const params = parametersOf(system)
    const batch = packed()
    const before = liveTensors()
    const together = await metaGradient(system, params, batch)
    const documents = alone(batch, system)
    expect(documents).toHaveLength(8)
    const chunks = documents.reduce((sum, document) => sum + document.chunks, 0)
    let loss = 0
    const sums = treeLeaves(params).map(({ size }) => new Float64Array(size))
    const columns = together.chunkLosses.length / documents.length
    for (const [n, document] of documents.entries()) {
      const single = await metaGradient(system, params, document.batch)
      const { length } = document.batch
      const nats = together.tokenLosses.subarray(document.at, document.at + length)
      expect(relativeError(nats, single.tokenLosses)).toBeLessThan(1e-5)
      const own = (values: Float32Array) => values.subarray(n * columns, n * columns + document.chunks)
      expect(relativeError(own(together.chunkLosses), single.chunkLosses)).toBeLessThan(1e-5)
      if (system.rule && document.chunks > 1)
        expect(relativeError(own(together.innerNorms), single.innerNorms)).toBeLessThan(1e-4)
      loss += (single.loss * document.chunks) / chunks
      treeLeaves(single.gradients).forEach((leaf, i) =>
        leaf.dataSync().forEach((value, j) => (sums[i][j] += (value * document.chunks) / chunks)),
      )
      disposeTree(single.gradients)
    }
    expect(together.loss).toBeCloseTo(loss, 5)
    treeEntries(together.gradients).forEach(([path, leaf], i) =>
      expect(relativeError(leaf.dataSync(), sums[i]), path).toBeLessThan(1e-4),
    )
    disposeTree(together.gradients)
    expect(liveTensors()).toBe(before)
    disposeTree(params)
  })

  it.each(systems)(
    'do not see each other: other tokens leave all losses elsewhere bitwise: %s',
    async (_, system) => {
      const params = parametersOf(system)
      const batch = packed()
      const before = await metaGradient(system, params, batch)
      for (const { at, batch: changed } of alone(batch, system)) {
        const row = Math.floor(at / 26)
        const tokens = batch.tokens.slice()
        for (let i = 0; i <= changed.length; i++) tokens[at + row + i] = (tokens[at + row + i] + 1 + i) % 11
        const after = await metaGradient(system, params, { ...batch, tokens })
        const outside = (losses: Float32Array) => losses.filter((_, i) => i < at || i >= at + changed.length)
        expect(outside(after.tokenLosses)).toEqual(outside(before.tokenLosses))
        const inside = (losses: Float32Array) => losses.subarray(at, at + changed.length)
        expect(inside(after.tokenLosses)).not.toEqual(inside(before.tokenLosses))
        disposeTree(after.gradients)
      }
      disposeTree([before.gradients, params])
    },
  )
})

it('are read as by a reader who starts anew at each', async () => {
  await resolveEngine('cpu')
  const system = smallSystem()
  const params = parametersOf(system)
  const batch = { ...packed(), mask: new Uint8Array(3 * 26).fill(1) }
  const { tokenLosses } = await metaGradient(system, params, batch)
  const reader = new Reader(system, params)
  for (const { at, batch: document } of alone(batch, system)) {
    reader.reset()
    const nats = (await reader.read(document.tokens)).subarray(1)
    expect(relativeError(tokenLosses.slice(at, at + document.length), nats)).toBeLessThan(1e-5)
  }
})

it('without any border have the bits of rows that are not packed', async () => {
  await resolveEngine('cpu')
  const system = smallSystem()
  const params = parametersOf(system)
  const batch = randomBatch(2, 14)
  const documentStarts = new Uint8Array(30)
  const plain = await metaGradient(system, params, batch)
  const marked = await metaGradient(system, params, { ...batch, documentStarts })
  expect(marked.tokenLosses).toEqual(plain.tokenLosses)
  const right = treeLeaves(plain.gradients)
  treeLeaves(marked.gradients).forEach((leaf, i) => expect(leaf.dataSync()).toEqual(right[i].dataSync()))
})

it('take a step whose report has means over those that have such a chunk', async () => {
  await resolveEngine('cpu')
  const system = smallSystem()
  const state = startRun(system, 1)
  const batch = packed()
  const { chunkLosses, sequences, innerNorms, gradients } = await metaGradient(system, state.params, batch)
  disposeTree(gradients)
  const report = await trainStep(
    system,
    state,
    batch,
    standardOptimizer({ ...standardSchedule(9, 1e-3), innerWarmupSteps: 0 }),
  )
  const mean = (values: Float32Array, k: number, last: number) => {
    const rows = sequences.flatMap(({ chunks }, n) => (chunks > k + last ? [values[n * 4 + k]] : []))
    return rows.reduce((sum, value) => sum + value, 0) / rows.length
  }
  expect(report.chunkLosses).toHaveLength(4)
  report.chunkLosses.forEach((loss, k) => expect(loss).toBeCloseTo(mean(chunkLosses, k, 0), 6))
  expect(report.innerNorms).toHaveLength(3)
  report.innerNorms.forEach((norm, k) => expect(norm).toBeCloseTo(mean(innerNorms, k, 1), 6))
})

it('must have a target, and cannot be recorded', async () => {
  const system = smallSystem()
  const params = parametersOf(system)
  const batch = { ...randomBatch(1, 1), documentStarts: Uint8Array.of(1, 1) }
  await expect(metaGradient(system, params, batch)).rejects.toThrow('the batch has no target')
  await expect(metaGradient(system, params, packed(), { record: true })).rejects.toThrow("can't be recorded")
})

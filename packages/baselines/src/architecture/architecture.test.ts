import { attentionMixer } from '@ttt-e2e/swa-transformer'
import { disposeTree, resolveEngine, treeEntries } from '@ttt-e2e/tensor-ops'
import { createRandom } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import { beforeAll, describe, expect, it } from 'vitest'
import { architectureOf, architectureSchema, buildSystem, createSystem, systemNames } from '../index'
import { tinySize } from '../testing'

beforeAll(() => resolveEngine('cpu'))

const size = { ...tinySize, layers: 6 }
const valuesOf = ({ decoder }: System) => {
  const params = decoder.init(createRandom(3))
  const values = treeEntries(params).map(([path, tensor]) => [path, tensor.shape, tensor.dataSync().slice()])
  disposeTree(params)
  return values
}

describe.each(systemNames)('%s', (name) => {
  it('is built from its architecture as from its name, once it was JSON', () => {
    const system = createSystem(name, size)
    const record: unknown = JSON.parse(JSON.stringify(architectureOf(name, size)))
    const again = buildSystem(architectureSchema.parse(record))
    expect(again.architecture).toEqual(system.architecture)
    expect({ name: again.name, rule: again.rule, lossChunk: again.lossChunk }).toEqual({
      name,
      rule: system.rule,
      lossChunk: system.lossChunk,
    })
    expect(again.decoder.stateBytes(9)).toEqual(system.decoder.stateBytes(9))
    expect(again.decoder.flops(9)).toEqual(system.decoder.flops(9))
    expect(valuesOf(again)).toEqual(valuesOf(system))
  })
})

const architecture = architectureOf('ttt-e2e', size)

it.each([
  [{ biases: 'some' }, 'expected boolean'],
  [{ rope: { base: 1e4, scaling: { type: 'dynamic', factor: 8 } } }, 'scaling'],
  [{ rope: { base: 1e4, scaling: { type: 'linear', factor: 0.5 } } }, 'factor'],
  [{ mixers: [] }, 'Too small'],
  [{ depth: 3 }, 'depth'],
])('refuses %j as JSON', (change, message) => {
  expect(() => architectureSchema.parse({ ...architecture, ...change })).toThrow(message)
})

it.each([
  [{ name: 'lstm' }, "unknown mixer 'lstm'; known: attention, mamba2, "],
  [{ name: 'toString' }, "unknown mixer 'toString'"],
  [{ name: 'attention' }, "the mixer 'attention' can't be as it is described: window: "],
  [{ name: 'attention', options: { window: 8, sinks: 4 } }, 'sinks'],
  [{ name: 'mamba2', options: { taps: 0 } }, 'taps: '],
])('refuses the mixer %j', (mixer, message) => {
  expect(() => buildSystem({ ...architecture, mixers: [mixer] })).toThrow(message)
})

it('takes mixers from outside, by name', () => {
  const narrow = { name: 'narrow', options: { window: 3 } }
  const system = buildSystem(
    { ...architecture, mixers: [narrow] },
    { narrow: (options) => attentionMixer((options as { window: number }).window) },
  )
  expect(system.architecture?.mixers).toEqual([narrow])
})

it('has no record of a system whose mixers have no name', () => {
  const definition = {
    name: 'unnamed',
    summary: '',
    pattern: () => [attentionMixer(4)],
    knob: { of: 'MLPs' as const },
  }
  expect(createSystem(definition, size).architecture).toBeUndefined()
  expect(() => architectureOf(definition, size)).toThrow("a mixer of 'unnamed' has no name; register it")
})

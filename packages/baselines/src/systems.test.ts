import { createRandom, disposeTree, resolveEngine, tf, treeEntries, treeSize } from '@ttt-e2e/tensor-ops'
import { attentionMixer, publishedSizes } from '@ttt-e2e/swa-transformer'
import { countStateBytes } from '@ttt-e2e/ttt-inner'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createSystem,
  definitionOf,
  systemNames,
  widthOf,
  type ModelSize,
  type NamedDefinition,
} from './index'

beforeAll(() => resolveEngine('cpu'))

const size: ModelSize = {
  vocabularySize: 64,
  hiddenSize: 64,
  heads: 2,
  layers: 6,
  intermediateSize: 160,
  suffixBlocks: 2,
  window: 16,
  chunk: 16,
  innerRate: 1,
  ropeTheta: 500_000,
}

/** Without the embedding. */
function parameters(name: string, at: ModelSize): number {
  return createSystem(name, at).decoder.parameterCount - at.vocabularySize * at.hiddenSize
}

describe('the systems', () => {
  it.each(systemNames)('%s has as many parameters as full attention within 2 %%', (name) => {
    for (const at of [size, ...Object.values(publishedSizes)])
      expect(Math.abs(parameters(name, at) / parameters('full-attention', at) - 1)).toBeLessThan(0.02)
  })

  it.each(systemNames)('%s has the parameters that it counts', (name) => {
    tf.tidy(() => {
      const { decoder } = createSystem(name, size)
      expect(treeSize(decoder.init(createRandom(1)))).toBe(decoder.parameterCount)
    })
  })

  it('read with their own weights or with those of a system of the same architecture', () => {
    for (const name of systemNames) {
      const { weightsOf } = definitionOf(name)
      if (weightsOf) expect(parameters(name, size)).toBe(parameters(weightsOf, size))
    }
  })

  it('learn by the rule of their size, or take its chunk for the loss', () => {
    expect(createSystem('ttt-e2e', size).rule).toEqual({ chunk: 16, rate: 1, maxNorm: 1 })
    expect(createSystem('ttt-naive', size).rule).toBeDefined()
    expect(createSystem('ttt-off', size)).toMatchObject({ lossChunk: 16 })
    expect(createSystem('ttt-off', size).rule).toBeUndefined()
  })

  it('have states of a constant size, full attention excepted', () => {
    for (const name of systemNames) {
      const system = createSystem(name, size)
      const grows = countStateBytes(system, 1 << 20) > countStateBytes(system, 1 << 10)
      expect(grows, name).toBe(
        ['full-attention', 'hybrid-5-1', 'hybrid-5-1-sinks', 'kimi-linear'].includes(name),
      )
    }
  })

  it('spare from weight decay what the definitions spare, by parameters that exist', () => {
    for (const name of systemNames) {
      const { decoder } = createSystem(name, size)
      const params = decoder.init(createRandom(1))
      const paths = treeEntries(params).map(([path]) => path)
      expect(paths, name).toEqual(expect.arrayContaining([...decoder.undecayed]))
      disposeTree(params)
    }
    expect(createSystem('mamba2-pure', size).decoder.undecayed).toContain('blocks.0.mixing.mixer.logRate')
    expect(createSystem('ttt-e2e', size).decoder.undecayed).toEqual([])
  })

  it('are named in the error about an unknown one', () => {
    expect(() => createSystem('mamba9', size)).toThrow(
      `unknown system 'mamba9'; known: ${systemNames.join(', ')}`,
    )
    expect(() => createSystem('toString', size)).toThrow("unknown system 'toString'")
  })

  it('need as many layers as their pattern is long', () => {
    expect(() => createSystem('hybrid-5-1', { ...size, layers: 4, suffixBlocks: 1 })).toThrow(
      "the pattern of 'hybrid-5-1' is 6 layers long, the model has 4",
    )
  })
})

describe('a definition of your own', () => {
  const definition: NamedDefinition = {
    name: 'half-window',
    summary: 'window attention, every second layer with half the window and shared keys',
    pattern: ({ window, heads }) => [
      attentionMixer(window),
      attentionMixer(window / 2, { keyHeads: heads / 2 }),
    ],
    knob: { of: 'MLPs' },
  }

  it('makes a system of equal size, as a name does', () => {
    const { name, decoder } = createSystem(definition, size)
    expect(name).toBe('half-window')
    const count = decoder.parameterCount - size.vocabularySize * size.hiddenSize
    expect(Math.abs(count / parameters('full-attention', size) - 1)).toBeLessThan(0.01)
    expect(widthOf(definition, size)).toBe(decoder.config.intermediateSize)
  })
})

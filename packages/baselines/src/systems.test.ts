import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom, disposeTree, resolveEngine, treeSize } from '@ttt-e2e/tensor-ops'
import { createSystem, definitionOf, systemNames, type ModelSize } from './index'

beforeAll(() => resolveEngine('cpu'))

const size: ModelSize = {
  vocabularySize: 64,
  hiddenSize: 64,
  heads: 2,
  layers: 4,
  intermediateSize: 160,
  suffixBlocks: 1,
  window: 16,
  chunk: 16,
  innerRate: 1,
  ropeTheta: 500_000,
}

function parameters(name: string): number {
  const params = createSystem(name, size).decoder.init(createRandom(1))
  const count = treeSize(params) - params.embedding.size
  disposeTree(params)
  return count
}

describe('the systems', () => {
  it.each(systemNames)('%s has as many parameters as full attention within 2 %%', (name) => {
    expect(Math.abs(parameters(name) / parameters('full-attention') - 1)).toBeLessThan(0.02)
  })

  it('read with their own weights or with those of a system of the same architecture', () => {
    for (const name of systemNames) {
      const { weightsOf } = definitionOf(name)
      if (weightsOf) expect(parameters(name)).toBe(parameters(weightsOf))
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
      const { decoder } = createSystem(name, size)
      const grows = decoder.stateBytes(1 << 20) > decoder.stateBytes(1 << 10)
      expect(grows, name).toBe(name === 'full-attention')
    }
  })

  it('are named in the error about an unknown one', () => {
    expect(() => createSystem('mamba3', size)).toThrow(
      `unknown system 'mamba3'; known: ${systemNames.join(', ')}`,
    )
    expect(() => createSystem('toString', size)).toThrow("unknown system 'toString'")
  })
})

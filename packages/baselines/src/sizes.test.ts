import { SizeError } from '@ttt-e2e/swa-transformer'
import { UserError } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { architectureOf, buildSystem, createSystem, definitionOf, systemNames, type ModelSize } from './index'
import { tinySize } from './testing'

const size: ModelSize = { ...tinySize, layers: 6 }

const wrong: [field: keyof ModelSize, values: unknown[], allowed: string][] = [
  ...(['vocabularySize', 'hiddenSize', 'heads', 'intermediateSize', 'chunk'] as const).map(
    (field): [keyof ModelSize, unknown[], string] => [
      field,
      [0, -1, 1.5, NaN, Infinity, 2 ** 60, undefined, null, '8'],
      'a whole number from 1 to ',
    ],
  ),
  ['layers', [0, -1, 1.5, NaN, Infinity, 1e9, undefined, null, '8'], 'a whole number from 1 to 10000'],
  ['suffixBlocks', [-1, 0.5, NaN, undefined], 'a whole number from 0 to '],
  ['window', [-1, 2.5, NaN, undefined], 'a whole number from 0 to '],
  ['ropeTheta', [0, -1, 1e-40, 1e300, NaN, Infinity, undefined], 'a number from 1 to '],
  ['innerRate', [-1, 10_001, 1e38, NaN, Infinity, undefined], 'a number from 0 to 10000: float32'],
  ['innerDecay', [-0.1, 1.1, NaN], 'a number from 0 to 1'],
]

function errorOf(make: () => unknown): Error {
  try {
    make()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was refused')
}

describe.each(systemNames)('the sizes of %s', (name) => {
  it.each(wrong)('%s is refused by its name and what it may be', (field, values, allowed) => {
    for (const value of values) {
      const error = errorOf(() => createSystem(name, { ...size, [field]: value }))
      expect(error, `${String(value)}: ${error.stack}`).toBeInstanceOf(SizeError)
      expect(error.message).toMatch(new RegExp(`^${field} is `))
      expect(error.message).toContain(allowed)
    }
  })

  it('any hidden size and heads make a system, or are refused in these words', () => {
    for (let hiddenSize = 1; hiddenSize <= 70; hiddenSize++)
      for (const heads of [1, 2, 3, 4, 23, hiddenSize]) {
        const make = () => createSystem(name, { ...size, hiddenSize, heads })
        try {
          for (const { shape } of shapesOf(make())) expect(shape.every(Number.isInteger)).toBe(true)
        } catch (error) {
          expect(error, `${hiddenSize}, ${heads}: ${(error as Error).stack}`).toBeInstanceOf(UserError)
          const { message } = error as Error
          expect(message).toMatch(/hiddenSize is|the hidden size/)
          const numbers = message.match(/\d+(?= heads)/g) ?? []
          for (const number of numbers) expect(Number(number), message).toBe(heads)
        }
      }
  })
})

/** Counted, not made. */
function shapesOf({ decoder }: ReturnType<typeof createSystem>): { shape: number[] }[] {
  return [{ shape: [decoder.parameterCount, decoder.stateBytes(9).prefix, decoder.stateBytes(9).suffix] }]
}

it('a rule needs a block that learns', () => {
  for (const name of systemNames.filter((each) => definitionOf(each).learns)) {
    expect(() => createSystem(name, { ...size, suffixBlocks: 0 })).toThrow(
      `suffixBlocks is 0, but '${name}' learns in its last blocks; it must be a whole number from 1 to layers, 6`,
    )
    expect(() => createSystem(name, { ...size, suffixBlocks: 7 })).toThrow(
      'suffixBlocks is 7; it must be at most layers, 6',
    )
    const architecture = architectureOf(name, size)
    expect(() => buildSystem({ ...architecture, suffixBlocks: 0 })).toThrow("suffixBlocks is 0, but '")
  }
})

it.each([
  ['mamba2', { hiddenSize: 6 }, "hiddenSize is 6; for 'mamba2' it must be a multiple of 4"],
  ['mamba2-pure', { hiddenSize: 30 }, "hiddenSize is 30; for 'mamba2-pure' it must be a multiple of 4"],
  ['mamba2', { hiddenSize: 600, heads: 2 }, "hiddenSize is 600; for 'mamba2' it must be a multiple of 32"],
  ['gated-deltanet', { hiddenSize: 46 }, "hiddenSize is 46; for 'gated-deltanet' it must be a multiple of 4"],
  ['ttt-kvb', { hiddenSize: 6, heads: 1 }, "hiddenSize is 6; for 'ttt-kvb' it must be a multiple of 4"],
])('%s takes no hidden size that its mixers would have to split: %j', (name, change, message) => {
  expect(() => createSystem(name, { ...size, ...change })).toThrow(message)
})

it('an architecture is checked as a size is', () => {
  const architecture = architectureOf('ttt-e2e', size)
  for (const [change, message] of [
    [{ layers: 1.5 }, 'layers is 1.5; it must be a whole number from 1 to 10000'],
    [{ heads: undefined as never }, 'heads is missing; it must be a whole number from 1 to 1000000000'],
    [{ rope: { base: 0, scaling: null } }, 'ropeTheta is 0; it must be a number from 1 to 1e+30'],
    [
      { rule: { ...architecture.rule!, chunk: 0 } },
      'chunk is 0; it must be a whole number from 1 to 1000000000',
    ],
    [{ rule: { ...architecture.rule!, decay: 2 } }, 'decay is 2; it must be a number from 0 to 1'],
  ] as const)
    expect(() => buildSystem({ ...architecture, ...change })).toThrow(message)
})

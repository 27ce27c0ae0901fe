import { createRandom, fold } from '@ttt-e2e/tensor-ops'
import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { bigramDocument } from '../sources/bigram-languages'
import { bigramOracle } from './bigram-oracle'
import { stackReach } from './stack-reach'

/** All tables over V symbols: for each symbol every subset of k followers. */
function allTables(vocabularySize: number, successors: number): number[][][] {
  const symbols = Array.from({ length: vocabularySize }, (_, symbol) => symbol)
  const subsets = Array.from({ length: 2 ** vocabularySize }, (_, bits) =>
    symbols.filter((s) => bits & (1 << s)),
  )
  const rows = subsets.filter((subset) => subset.length === successors)
  return symbols.reduce<number[][][]>((tables) => tables.flatMap((t) => rows.map((row) => [...t, row])), [[]])
}

/** Bayes by brute force: each table weighs what it gives the window, and the weighted tables predict. */
function enumerate(tokens: Int32Array, vocabularySize: number, successors: number, reach: number): number[] {
  const tables = allTables(vocabularySize, successors)
  return Array.from({ length: tokens.length - 1 }, (_, i) => {
    let evidence = 0
    let joint = 0
    for (const table of tables) {
      let weight = 1
      for (let j = Math.max(0, i - reach + 1); j < i; j++) {
        weight *= table[tokens[j]].includes(tokens[j + 1]) ? 1 / successors : 0
      }
      evidence += weight
      if (table[tokens[i]].includes(tokens[i + 1])) joint += weight / successors
    }
    return Math.log(evidence / joint)
  })
}

test.each([
  [3, 1],
  [3, 2],
  [4, 2],
  [4, 3],
  [3, 3],
])('is the posterior mean over all tables of %i symbols with %i followers', (vocabularySize, successors) => {
  const random = createRandom(fold(5, vocabularySize, successors))
  for (const reach of [Infinity, 1, 2, 4]) {
    const { tokens } = bigramDocument({ vocabularySize, successors, length: 14, random })
    const oracle = bigramOracle(tokens, { vocabularySize, successors, reach })
    const truth = enumerate(tokens, vocabularySize, successors, reach)
    truth.forEach((nats, i) => expect(oracle[i]).toBeCloseTo(nats, 12))
  }
})

/** Mean nats of 200 documents between consecutive edges of the target's index. */
function meansBetween(edges: number[], reach?: number): number[] {
  const length = edges[edges.length - 1]
  const sums = edges.slice(1).map(() => 0)
  for (let n = 0; n < 200; n++) {
    const random = createRandom(fold(11, n))
    const language = { vocabularySize: 64, successors: 2 }
    const { tokens } = bigramDocument({ ...language, length: length + 1, random })
    const nats = bigramOracle(tokens, { ...language, reach })
    sums.forEach((_, i) => (sums[i] += nats.subarray(edges[i], edges[i + 1]).reduce((a, b) => a + b)))
  }
  return sums.map((sum, i) => sum / (200 * (edges[i + 1] - edges[i])))
}

test('64 symbols with 2 followers: known means as the history grows', () => {
  const means = meansBetween([0, 64, 128, 256, 512, 1024, 2048])
  // An independent computation's means over 24 documents; the tolerances are three to four of their standard errors.
  const known = [3.044, 1.953, 1.216, 0.879, 0.744, 0.704]
  const tolerances = [0.2, 0.2, 0.11, 0.05, 0.02, 0.007]
  means.forEach((mean, i) => expect(Math.abs(mean - known[i])).toBeLessThan(tolerances[i]))
})

test('64 symbols with 2 followers: a bounded reach stops learning', () => {
  const [early, late] = meansBetween([128, 512, 1024], stackReach(4, 16))
  expect(Math.abs(early - 2.34)).toBeLessThan(0.1)
  expect(Math.abs(late - 2.34)).toBeLessThan(0.1)
})

test('a reach longer than the document is the whole history', () => {
  const language = { vocabularySize: 16, successors: 2 }
  const { tokens } = bigramDocument({ ...language, length: 300, random: createRandom(1) })
  expect(bigramOracle(tokens, { ...language, reach: 300 })).toEqual(bigramOracle(tokens, language))
})

test('refuses what is no document of the family', () => {
  expect(() => bigramOracle([0, 1, 0, 2, 0, 3], { vocabularySize: 4, successors: 2 })).toThrow(
    new DataError(
      'symbol 0 has more than 2 followers at position 5; ' +
        'a document of this language family has at most 2 for each symbol',
    ),
  )
  expect(() => bigramOracle([0, 4], { vocabularySize: 4, successors: 2 })).toThrow('token 4 at position 1')
  expect(() => bigramOracle([0, 1], { vocabularySize: 4, successors: 2, reach: 0 })).toThrow(
    new DataError('reach is 0; it must be a whole number from 1 up'),
  )
  expect(bigramOracle([0], { vocabularySize: 4, successors: 2 })).toHaveLength(0)
})

import { treeSize } from '@ttt-e2e/tensor-ops'
import {
  countFlops,
  generate,
  readDocuments,
  type Reader,
  type Params,
  type System,
} from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../piece-of'
import { speedSizes, type SpeedSizeName } from './sizes'
import type { SpeedContender } from './measure-in-turns'
import type { SpeedOptions } from './options'
import { randomTokens } from './random-batch'

export interface ReadingModel {
  system: System
  params: Params
  /** Has read what stands before the tokens that are decoded. */
  context: Reader
}

/** Tokens decoded in one run, and at least a chunk: one step of learning falls on each chunk. */
const leastDecoded = 64

/**
 * A system's reading, as documents are read, and its decoding of one sequence, the likeliest token each time; a system
 * that learns also decodes while learning from what it says.
 */
export function readingContenders(
  { system, params, context }: ReadingModel,
  size: SpeedSizeName,
  { batch, length = speedSizes[size].length, reads }: Pick<SpeedOptions, 'batch' | 'length' | 'reads'>,
): SpeedContender[] {
  const { model, decodingContext } = speedSizes[size]
  const both = { size, system: system.name, parameters: treeSize(params) }
  const documents = Array.from({ length: batch }, (_, seed) =>
    // The token after the last chunk, with which that chunk is learned from, too.
    randomTokens(model.vocabularySize, length + 1, seed),
  )
  const piece = pieceOf(model.window)
  const decoded = Math.max(leastDecoded, model.chunk)
  const reading: SpeedContender = {
    name: `${system.name} · reading`,
    what: {
      ...both,
      work: system.rule ? 'reading and learning' : 'reading',
      batch,
      length,
      tokens: batch * length,
      flopsPerToken: countFlops(system, length).reading,
    },
    run: () => readDocuments({ system, params, documents, piece }),
  }
  const decoding = (learn: boolean): SpeedContender => {
    const work = learn ? 'decoding and learning' : 'decoding'
    return {
      name: `${system.name} · ${work}`,
      what: { ...both, work, batch: 1, length: decodingContext, tokens: decoded },
      async run() {
        const reader = context.fork()
        const tokens = generate(reader, { maxTokens: decoded, temperature: 0, learn })
        for await (const _ of tokens);
        reader.dispose()
      },
    }
  }
  return [
    ...(reads === 'decoding' ? [] : [reading]),
    ...(reads === 'reading' ? [] : (system.rule ? [false, true] : [false]).map(decoding)),
  ]
}

import { needleTrainingDocument, needleVocabulary, sampleStream, type Cursor } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { createRandom, fold } from '@ttt-e2e/tensor-ops'
import { heldOutSeed } from '../seeds'
import { TrainingError } from '../training-error'
import type { Task } from './task'

/**
 * Needles in haystacks (S-NIAH in small): a key and its value stand somewhere in a document, and the value is asked for
 * later. Held out are documents like those that are trained on.
 *
 * @throws TrainingError if the recipe's vocabulary is too small
 */
export function needleTask({ size, training, evaluation }: Recipe): Task {
  if (size.vocabularySize < needleVocabulary)
    throw new TrainingError(
      `size.vocabularySize is ${size.vocabularySize}; needles and haystacks are written in ${needleVocabulary} symbols`,
    )
  return {
    title: 'needles in haystacks: pass keys, numbers and UUIDs asked for later',
    summary: `needles in haystacks of ${needleVocabulary} symbols`,
    stream: ({ seed, batch = training.batch, length = training.length, cursor, signal, rows }) =>
      sampleStream({
        batch,
        length,
        signal,
        ...(rows && { rows }),
        cursor: cursor as Cursor | undefined,
        sample: (n) => needleTrainingDocument(length + 1, createRandom(fold(seed, n))),
      }),
    heldOut: Array.from({ length: evaluation.documents }, (_, n) => ({
      id: `haystack ${n + 1}`,
      tokens: needleTrainingDocument(evaluation.length + 1, createRandom(fold(heldOutSeed, n))),
    })),
    references: () => [],
    fingerprint: () => ({ symbols: needleVocabulary }),
    notes: [],
  }
}

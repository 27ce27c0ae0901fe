import { UserError } from '@ttt-e2e/cli'
import { byteTokenizer, DataError, readTextCorpus, splitByDocument, type Corpus } from '@ttt-e2e/data'
import type { Preset } from '../presets'
import type { Task } from './task'
import { textTask } from './text-task'

/**
 * A text that the user brings. Whole documents are held out where enough are long enough; else the last fifth of
 * every document is, which a single file can do too.
 *
 * @throws UserError if the text is shorter than one sequence for training and one for evaluation
 * @throws DataError if there is no such text
 */
export function ownTextTask({ text: preset }: Preset, path: string): Task {
  const { length } = preset.training
  const corpus = readTextCorpus(path, byteTokenizer)
  const { train, heldOut, how } = divide(corpus, length)
  const evaluationLength = [4, 2, 1]
    .map((times) => times * length)
    .find((tokens) => heldOut.documents.some((document) => document.tokens.length > tokens))
  if (evaluationLength === undefined || !train.documents.some(({ tokens }) => tokens.length > length)) {
    const longest = Math.max(...corpus.documents.map(({ tokens }) => tokens.length))
    throw new UserError(
      `the longest document of '${path}' has ${longest} bytes; one of at least ${minimumLength(length)} is needed, ` +
        `as a sequence of this preset is ${length} bytes and the last fifth is held out`,
    )
  }
  return textTask({
    name: 'text',
    title: `your text: ${corpus.name}, bytes`,
    preset,
    train,
    heldOut,
    evaluationLength,
    notes: [
      how,
      ...(evaluationLength < 4 * length
        ? [`The held-out text is only long enough to be read over ${evaluationLength} bytes.`]
        : []),
    ],
  })
}

const minimumLength = (length: number) => 5 * (length + 1)

function divide(corpus: Corpus, length: number): { train: Corpus; heldOut: Corpus; how: string } {
  try {
    const split = splitByDocument(corpus, { heldOutEvery: 10, minimumHeldOutLength: 4 * length + 1 })
    return {
      ...split,
      how: 'Every tenth long document is held out; text that repeats one is left out of training.',
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
  }
  const parts = corpus.documents.map(({ id, tokens }) => {
    const border = Math.floor(tokens.length * 0.8)
    return { id, before: tokens.subarray(0, border), after: tokens.subarray(border) }
  })
  const heldOut = parts.flatMap(({ id, after }) => pieces(id, after, length))
  return {
    train: {
      name: `${corpus.name}/train`,
      documents: parts.map(({ id, before }) => ({ id, tokens: before })),
    },
    heldOut: { name: `${corpus.name}/held-out`, documents: heldOut },
    how: 'Too few different long documents to hold some out: the last fifth of each is held out, cut into pieces; passages that documents share are on both sides.',
  }
}

/** Pieces of 4 × the training length, or of what there is. */
function pieces(id: string, tokens: Int32Array, length: number) {
  const width = [4, 2, 1].map((times) => times * length + 1).find((tokensOf) => tokensOf <= tokens.length)
  if (width === undefined) return []
  return Array.from({ length: Math.floor(tokens.length / width) }, (_, n) => ({
    id: `${id} from byte ${n * width} of its part`,
    tokens: tokens.subarray(n * width, (n + 1) * width),
  }))
}

/** Training lengths that a text is read over by models trained before, the longest that fits. */
const readOver = [16, 8, 4, 2, 1]

/**
 * A text that models trained before only read: each document from its beginning.
 *
 * @param trainedOn the task whose stored models read it
 * @throws UserError if no document is as long as one sequence
 */
export function readOnlyTextTask({ text: preset }: Preset, path: string, trainedOn: string): Task {
  const { length } = preset.training
  const corpus = readTextCorpus(path, byteTokenizer)
  const longest = Math.max(...corpus.documents.map(({ tokens }) => tokens.length))
  const evaluationLength = readOver.map((times) => times * length).find((tokens) => tokens < longest)
  if (evaluationLength === undefined)
    throw new UserError(
      `the longest document of '${path}' has ${longest} bytes; one of at least ${length + 1} is needed, a sequence of the stored models`,
    )
  return textTask({
    name: trainedOn,
    title: `your text: ${corpus.name}, bytes, read by models trained on '${trainedOn}'`,
    preset,
    train: { name: corpus.name, documents: [] },
    heldOut: corpus,
    evaluationLength,
    notes: [
      'Nothing was trained in this run: if the models have seen this text before, its losses flatter all of them.',
    ],
  })
}

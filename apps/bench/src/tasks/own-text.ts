import { UserError } from '@ttt-e2e/cli'
import { byteTokenizer, readTextCorpus, type Corpus } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { holdOut, passedOverNotes, textTask, TrainingError, type HeldOut } from '@ttt-e2e/training'
import type { Preset } from '../experiment/presets'
import { presetOf, type Benchmark } from './benchmark'

/** Where a text is: a file or a folder, and the field that holds it in files of many documents; `text` where left out. */
export interface TextPlace {
  path: string
  textField?: string
}

/** Training lengths that held-out text is read over, the longest that it allows. */
const heldOutOver = [4, 2, 1]

/**
 * A text that the user brings. Whole documents are held out where enough are long enough; else the last fifth of
 * every document is, which a single file can do too.
 *
 * @throws UserError if the text is shorter than one sequence for training and one for evaluation
 * @throws DataError if there is no such text
 */
export async function ownText(presetName: string, preset: Preset, place: TextPlace): Promise<Benchmark> {
  const given = presetOf(presetName, 'text', preset.books)
  const { length } = given.recipe.training
  const corpus = await readTextCorpus(place.path, byteTokenizer, place)
  const found = heldOutOver
    .map((times) => ({ evaluationLength: times * length, parts: tryHoldOut(corpus, times * length + 1) }))
    .find(({ parts }) => parts?.train.documents.some(({ tokens }) => tokens.length > length))
  if (!found?.parts)
    throw new UserError(
      `the longest document of '${place.path}' has ${longestOf(corpus)} bytes; one of at least ${minimumLength(length)} is needed, ` +
        `as a sequence of this preset is ${length} bytes and the last fifth is held out`,
    )
  const { how, ...parts } = found.parts
  const { evaluationLength } = found
  const recipe = readOver(given.recipe, place, evaluationLength)
  const notes = [
    how,
    ...passedOverNotes(corpus),
    ...(evaluationLength < heldOutOver[0] * length
      ? [`The held-out text is only long enough to be read over ${evaluationLength} bytes.`]
      : []),
  ]
  const title = `your text: ${corpus.name}, bytes`
  const task = textTask({ recipe, rows: 'windows', title, name: corpus.name, corpus, ...parts, notes })
  return { ...given, recipe, task }
}

const minimumLength = (length: number) => 5 * (length + 1)

const longestOf = ({ documents }: Corpus) => Math.max(...documents.map(({ tokens }) => tokens.length))

/** The recipe that `trainer --resume` finds the same text and the same division by. */
const readOver = (recipe: Recipe, { path, textField }: TextPlace, length: number): Recipe => ({
  ...recipe,
  data: { kind: 'text', path, rows: 'windows', ...(textField !== undefined && { textField }) },
  evaluation: { ...recipe.evaluation, length },
})

function tryHoldOut(corpus: Corpus, width: number): HeldOut | undefined {
  try {
    return holdOut(corpus, width, { tokenizer: byteTokenizer })
  } catch (error) {
    if (error instanceof TrainingError) return undefined
    throw error
  }
}

/** Training lengths that a text is read over by models trained before, the longest that fits. */
const readOnlyOver = [16, 8, 4, 2, 1]

/**
 * A text that models trained before only read: each document from its beginning.
 *
 * @param trainedOn the task whose stored models read it
 * @throws UserError if no document is as long as one sequence
 */
export async function readOnlyText(
  presetName: string,
  preset: Preset,
  place: TextPlace,
  trainedOn: string,
): Promise<Benchmark> {
  const given = presetOf(presetName, trainedOn, preset.books)
  const { length } = given.recipe.training
  const corpus = await readTextCorpus(place.path, byteTokenizer, place)
  const longest = longestOf(corpus)
  const evaluationLength = readOnlyOver.map((times) => times * length).find((tokens) => tokens < longest)
  if (evaluationLength === undefined)
    throw new UserError(
      `the longest document of '${place.path}' has ${longest} bytes; one of at least ${length + 1} is needed, a sequence of the stored models`,
    )
  const recipe = readOver(given.recipe, place, evaluationLength)
  const task = textTask({
    recipe,
    rows: 'windows',
    title: `your text: ${corpus.name}, bytes, read by models trained on '${trainedOn}'`,
    name: corpus.name,
    train: { name: corpus.name, documents: [] },
    heldOut: corpus,
    notes: [
      ...passedOverNotes(corpus),
      'Nothing was trained in this run: if the models have seen this text before, its losses flatter all of them.',
    ],
  })
  return { ...given, recipe, task }
}

import { createSystem, definitionOf, systemNames } from '@ttt-e2e/baselines'
import { needleDocument, needleKinds, needleLength, valueLength, type NeedleKind } from '@ttt-e2e/data'
import { createRandom, fold, pause } from '@ttt-e2e/tensor-ops'
import { Reader, type Params, type System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../../piece-of'
import type { ModelsContext } from '../probe'
import { needleRecipe, type NeedleSizes } from './sizes'

/** Whether the needle is still in the window when its value is asked for. */
export type Place = 'inside' | 'outside'

export interface Recalled {
  kind: NeedleKind
  /** Tokens of the document, in windows. */
  multiple: number
  place: Place
  /** Documents whose every symbol of the value was the likeliest, of those that were read. */
  right: number
  documents: number
}

/** What was learned of the task, and what each system that reads with those weights recalls. */
export interface NeedleMeasured {
  window: number
  /** Targets of a training sequence. */
  length: number
  layers: number
  steps: number
  converged: boolean
  verdict: string
  recalled: { system: string; cells: Recalled[] }[]
}

/** What documents are drawn from: the same for every system and seed, and far from those of training. */
const documentsSeed = 0x4eed1e

/** Trains on a mixture that has the task, then counts how often a value that was read is given again, symbol for symbol. */
export async function measureNeedle(context: ModelsContext<NeedleSizes>): Promise<NeedleMeasured> {
  const { train, system: trained, sizes, signal, onProgress } = context
  const recipe = needleRecipe(trained, sizes)
  const model = await train({ name: 'mixture', recipe })
  const { size } = recipe
  const readers = systemNames.filter((name) => name === trained || definitionOf(name).weightsOf === trained)
  const cells = cellsOf(sizes, size.window)
  const total = readers.length * cells.length
  try {
    const recalled: NeedleMeasured['recalled'] = []
    for (const system of readers) {
      const reading = {
        system: createSystem(system, size),
        params: model.params,
        window: size.window,
        signal,
      }
      const own: Recalled[] = []
      for (const [n, cell] of cells.entries()) {
        const { kind, multiple, place } = cell
        const documents = documentsOf(cell, fold(documentsSeed, n), sizes, size.window)
        const right = await countRecalled(reading, documents, valueLength[kind])
        own.push({ kind, multiple, place, right, documents: documents.length })
        onProgress(`${system} looks for needles`, recalled.length * cells.length + n + 1, total)
      }
      recalled.push({ system, cells: own })
    }
    const { converged, verdict, run } = model
    const { length } = recipe.training
    const { window, layers } = size
    return { window, length, layers, steps: run.steps.length, converged, verdict, recalled }
  } finally {
    model.dispose()
  }
}

type Cell = Pick<Recalled, 'kind' | 'multiple' | 'place'> & { least: number; most: number }

const cellsOf = ({ multiples }: NeedleSizes, window: number): Cell[] =>
  needleKinds.flatMap((kind) =>
    multiples.flatMap((multiple) =>
      (['inside', 'outside'] as const).flatMap((place) => {
        const range = distances(kind, multiple * window, window, place)
        return range ? [{ kind, multiple, place, ...range }] : []
      }),
    ),
  )

function documentsOf(
  { kind, multiple, least, most }: Cell,
  seed: number,
  { documents }: NeedleSizes,
  window: number,
): Int32Array[] {
  const random = createRandom(seed)
  return Array.from({ length: documents }, () => {
    const distance = least + random.integer(most - least + 1)
    return needleDocument({ kind, length: multiple * window, distance, random }).tokens
  })
}

/** The distances of needle and question at a place; none where the document is as short as the window. */
function distances(kind: NeedleKind, length: number, window: number, place: Place) {
  const own = needleLength(kind)
  const [least, most] =
    place === 'inside' ? [own, Math.min(window - 1, length - own)] : [window, length - own]
  return least <= most ? { least, most } : undefined
}

/** Documents read side by side. */
const batchSize = 32

interface Reading {
  system: System
  params: Params
  window: number
  signal: AbortSignal
}

async function countRecalled(
  { system, params, window, signal }: Reading,
  documents: readonly Int32Array[],
  answer: number,
): Promise<number> {
  const piece = pieceOf(window)
  let recalled = 0
  for (let first = 0; first < documents.length; first += batchSize) {
    const batch = documents.slice(first, first + batchSize)
    const asked = batch[0].length - answer
    const block = (from: number, to: number) =>
      Int32Array.from(batch.flatMap((tokens) => [...tokens.subarray(from, to)]))
    const reader = new Reader(system, params, { batch: batch.length })
    try {
      for (let at = 0; at < asked; at += piece) {
        await reader.read(block(at, Math.min(asked, at + piece)))
        await pause()
        signal.throwIfAborted()
      }
      const right = batch.map(() => true)
      for (let at = asked; at < asked + answer; at++) {
        const logits = await reader.nextLogits()
        const width = logits.length / batch.length
        batch.forEach((tokens, row) => {
          const own = logits.subarray(row * width, (row + 1) * width)
          right[row] &&= own.every((logit) => logit <= own[tokens[at]])
        })
        await reader.read(block(at, at + 1))
      }
      recalled += right.filter(Boolean).length
    } finally {
      reader.dispose()
    }
  }
  return recalled
}

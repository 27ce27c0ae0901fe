import { bigramDocument } from '@ttt-e2e/data'
import { createRandom, fold } from '@ttt-e2e/tensor-ops'
import { readDocuments, type System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../../piece-of'
import { mean } from '../mean'
import type { ReaderContext } from '../probe'
import { contextsOf } from './contexts'
import { traceWeights, type TracePoint } from './trace'

export interface ControlsSizes {
  /** Held-out documents that are read again for the rates and the contexts. */
  documents: number
  /** Inner rates that a system which learns reads with. */
  rates: readonly number[]
  /** Texts whose weights are followed, and how long they are, in training lengths. */
  texts: number
  trainingLengths: number
}

export interface ControlsMeasured {
  /** Mean nats over the last quarter of each held-out document. */
  last: number[]
  /** The same of the first documents at other inner rates; empty without a rule. */
  rates: { rate: number; last: number[] }[]
  /** Mean nats of the endings of the first documents, by what was read before them. */
  context: Record<'own' | 'another' | 'none', number[]>
  /** Where the weights are along long texts; empty without a rule. */
  trace: TracePoint[]
}

export async function measureControls(context: ReaderContext<ControlsSizes>): Promise<ControlsMeasured> {
  const { benchmark, system, params, signal, sizes, onProgress } = context
  const { task, recipe } = benchmark
  const documents = task.heldOut.slice(0, sizes.documents).map(({ tokens }) => tokens)
  const piece = pieceOf(recipe.size.window)
  const read = (given: readonly Int32Array[], reader: System = system) =>
    readDocuments({ system: reader, params, documents: given, piece, bosToken: task.bosToken, signal })
  const { rule } = system
  const steps = (rule ? sizes.rates.length : 0) + 4
  let done = 0
  const told = <T>(value: T): T => {
    onProgress('reads the controls', ++done, steps)
    return value
  }
  const last = told((await context.heldOutLosses()).map(lastQuarter))
  const rates: ControlsMeasured['rates'] = []
  for (const rate of rule ? sizes.rates : []) {
    const losses = await read(documents, { ...system, rule: { ...rule!, rate } })
    rates.push(told({ rate, last: losses.map(lastQuarter) }))
  }
  const { own, another, none, counted } = contextsOf(documents, recipe.size)
  const ending = async (given: readonly Int32Array[]) =>
    told((await read(given)).map((nats) => mean(nats.subarray(-counted))))
  return {
    last,
    rates,
    context: { own: await ending(own), another: await ending(another), none: await ending(none) },
    trace: rule ? await traceWeights({ ...context, texts: longTexts(context) }) : [],
  }
}

/** What the texts are drawn from: far from the held-out documents. */
const textsSeed = 0x10_9e77

function longTexts({ benchmark, sizes }: ReaderContext<ControlsSizes>): Int32Array[] {
  const { data, size, training } = benchmark.recipe
  if (data.kind !== 'languages') throw new Error(`long texts are languages; the task's data is ${data.kind}`)
  const language = { vocabularySize: size.vocabularySize, successors: data.successors }
  const length = sizes.trainingLengths * training.length + 2 * size.chunk
  return Array.from(
    { length: sizes.texts },
    (_, n) => bigramDocument({ ...language, length, random: createRandom(fold(textsSeed, n)) }).tokens,
  )
}

const lastQuarter = (nats: Float32Array) => mean(nats.subarray(Math.floor(0.75 * nats.length)))

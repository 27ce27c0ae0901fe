import { pause } from '@ttt-e2e/tensor-ops'
import { Reader, type SavedState } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../../piece-of'
import { mean } from '../mean'
import type { ReaderContext } from '../probe'

/** After so many tokens of a text: means over the texts. */
export interface TracePoint {
  tokens: number
  /** Nats of the tokens since the point before. */
  loss: number
  /** ‖W − W₀‖ over all weights that learn, and as a share of ‖W₀‖. */
  distance: number
  share: number
  /** ‖W_i − W_{i−1}‖ of the next inner step by its rate: the gradient's norm after the clip, at most 1. */
  gradient: number
}

/** Follows the weights along long texts, at the training length and its doublings. */
export async function traceWeights({
  system,
  params,
  benchmark,
  texts,
  signal,
}: ReaderContext<object> & { texts: readonly Int32Array[] }): Promise<TracePoint[]> {
  const { size, training } = benchmark.recipe
  const { chunk, rate, decay = 0 } = system.rule!
  const reader = new Reader(system, params, { batch: texts.length })
  const block = (from: number, to: number) =>
    Int32Array.from(texts.flatMap((tokens) => [...tokens.subarray(from, to)]))
  const points: TracePoint[] = []
  try {
    const start = fastOf(await reader.save())
    let at = 0
    let nats: number[] = []
    const readTo = async (end: number) => {
      while (at < end) {
        const to = Math.min(end, at + pieceOf(size.window))
        // Nothing predicts a text's first token.
        nats.push(...(await reader.read(block(at, to))).filter((each) => !Number.isNaN(each)))
        at = to
        await pause()
        signal.throwIfAborted()
      }
    }
    const longest = texts[0].length - 2 * chunk
    for (let tokens = training.length; tokens <= longest; tokens *= 2) {
      await readTo(tokens)
      const loss = mean(nats)
      const now = fastOf(await reader.save())
      nats = []
      // The step on a chunk is taken when the token after it is known: one more of each follows.
      await readTo(tokens + chunk)
      const next = fastOf(await reader.save())
      const distance = distanceOf(now, start)
      points.push({
        tokens,
        loss,
        distance,
        share: distance / normOf(start),
        gradient: decay === 0 ? distanceOf(next, now) / rate : NaN,
      })
    }
    return points
  } finally {
    reader.dispose()
  }
}

/** The weights that learn, of each sequence [tensor][B, in, out]. */
const fastOf = ({ tensors }: SavedState) =>
  Object.entries(tensors)
    .filter(([name]) => name.startsWith('fast.'))
    .map(([, { shape, values }]) => ({ rows: shape[0], values: Float32Array.from(values) }))

type Fast = ReturnType<typeof fastOf>

/** Of each sequence's weights together, the mean over sequences. */
function distanceOf(a: Fast, b?: Fast): number {
  const { rows } = a[0]
  const squares = new Float64Array(rows)
  a.forEach(({ values }, n) => {
    const width = values.length / rows
    for (let i = 0; i < values.length; i++) {
      const difference = values[i] - (b ? b[n].values[i] : 0)
      squares[Math.floor(i / width)] += difference ** 2
    }
  })
  return mean(squares.map(Math.sqrt))
}

const normOf = (weights: Fast) => distanceOf(weights)

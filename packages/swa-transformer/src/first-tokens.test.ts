import '@ttt-e2e/kernels/engines'
import { createRandom, relativeErrorOf, tf, vjp, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import { attentionMixer } from './attention-mixer'
import { cachedAttention, reserveCache, startCache } from './cached-attention'
import type { KeepFirst } from './first-tokens'
import { rope } from '@ttt-e2e/kernels/ops'

const random = createRandom(7)
const normal = (shape: number[]): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  )
const [batch, length, heads, width, window] = [1, 13, 2, 4, 3]
const theta = 100
const start = tf.zeros([batch], 'int32')

const ours =
  (keep: KeepFirst, pieces: readonly number[] = [length]) =>
  ({ q, k, v }: Tensors): Tensor => {
    let cache = startCache(batch, heads, width, keep.count)
    const parts: Tensor[] = []
    for (let from = 0, i = 0; from < length; i++) {
      const rows = Math.min(pieces[i % pieces.length], length - from)
      const cut = (x: Tensor) => tf.slice(x, [0, from, 0, 0], [-1, rows, -1, -1])
      if (pieces.length > 1 || rows < length) cache = reserveCache(cache, length, window)
      const position = tf.fill([batch], from, 'int32')
      const read = cachedAttention(cut(q), cut(k), cut(v), cache, {
        window,
        ropeTheta: theta,
        position,
        keep,
      })
      parts.push(read.y)
      cache = read.cache
      from += rows
    }
    return tf.concat(parts, 1)
  }

/** One softmax over all keys, query by query, each rotated for what it sees as the definition says. */
const defined =
  ({ count, positions }: KeepFirst) =>
  ({ q, k, v }: Tensors): Tensor => {
    const turned = (x: Tensor, place: number) =>
      rope(x, { theta, position: tf.fill([batch], place, 'int32') })
    const at = (x: Tensor, t: number) => tf.slice(x, [0, t, 0, 0], [-1, 1, -1, -1])
    const rows = Array.from({ length }, (_, p) => {
      const keys = Array.from({ length: p + 1 }, (_, j) => j).filter((j) => p - j < window || j < count)
      const scores = keys.map((j) => {
        const inCache = positions === 'cache' && p - j >= window
        const query = turned(at(q, p), inCache ? Math.min(p, count + window - 1) : p)
        return tf.div(tf.sum(tf.mul(query, turned(at(k, j), j)), 3), Math.sqrt(width))
      })
      const weights = tf.softmax(
        tf.concat(
          scores.map((score) => tf.expandDims(score, 3)),
          3,
        ),
      )
      const values = tf.concat(
        keys.map((j) => tf.expandDims(at(v, j), 3)),
        3,
      )
      return tf.sum(tf.mul(tf.expandDims(weights, 4), values), 3)
    })
    return tf.concat(rows, 1)
  }

const inputs = () => ({ q: normal([batch, length, heads, width]), k: normal([batch, length, heads, width]), v: normal([batch, length, heads, width]) }) // prettier-ignore

describe.each(['cpu', 'native', 'wasm'])('a window and the first tokens on %s', (engine) => {
  useEngine(engine)

  it.each([
    [1, 'cache'],
    [3, 'cache'],
    [3, 'text'],
    [7, 'cache'],
  ] as const)('of %i at their place in the %s is one softmax to the second order', (count, positions) => {
    tf.tidy(() => {
      const [given, cotangent, other] = [inputs(), normal([batch, length, heads, width]), inputs()]
      const derivatives = (f: (x: Tensors) => Tensor) => {
        const gradient = (x: Tensors) => vjp((y: Tensors) => ({ value: f(y) }), x).pull(cotangent)
        const { value, pull } = vjp((x: Tensors) => ({ value: gradient(x) }), given as Tensors)
        const second = pull(other as Tensors)
        return [f(given), ...Object.values(value), ...Object.values(second)]
      }
      const keep = { count, positions }
      const expected = derivatives(defined(keep))
      for (const pieces of [[length], [4, 1]])
        derivatives(ours(keep, pieces)).forEach((tensor, i) =>
          expect(relativeErrorOf(tensor, expected[i]), `${i}`).toBeLessThan(2e-5),
        )
    })
  })
})

describe('a window with room for the text', () => {
  useEngine('native')

  it('reads as full attention, bit for bit', () => {
    tf.tidy(() => {
      const sizes = { hiddenSize: 16, heads: 2, ropeTheta: theta, normEpsilon: 1e-6 }
      const kept = attentionMixer(40, { keepFirst: 4 })(sizes)
      const full = attentionMixer(0)(sizes)
      const params = full.init(createRandom(1))
      const x = normal([batch, 40, 16])
      const read = (mixer: typeof kept) =>
        mixer.read(params, x, mixer.start(params, batch), { position: start })
      expect(read(kept).y.dataSync()).toEqual(read(full).y.dataSync())
    })
  })

  it('has no first tokens to keep without a window', () => {
    expect(() => attentionMixer(0, { keepFirst: 4 })({ hiddenSize: 8, heads: 2, ropeTheta: 1e4, normEpsilon: 1e-6 })).toThrow('keepFirst is 4, but attention without a window keeps every token') // prettier-ignore
  })
})

import { createRandom, type FusedOp } from '@ttt-e2e/tensor-ops'
import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { lactShapes } from '../../lact/cases'
import { titansMemoryShapes } from '../../titans-memory/cases'
import {
  adamwOp,
  attentionOp,
  biasedShortConvOp,
  channelDeltaRuleOp,
  clippedSgdOp,
  gatedDeltaRuleOp,
  gradientClipOp,
  inPlaceTttOp,
  lactOp,
  linearCrossEntropyOp,
  linearOp,
  ringJoinOp,
  ringWriteOp,
  rmsNormOp,
  ropeOp,
  shortConvOp,
  ssdScanOp,
  swigluOp,
  mamba3RotationOp,
  mamba3ScanOp,
  mesaOp,
  titansMemoryOp,
  tttLinearOp,
  tttMlpOp,
} from '../../ops'
import { tttShapes } from '../../ttt-layer/cases'

/** A kind of cases: what `draw` returns has the shapes of a batch of `batch` sequences of `length` tokens. */
export interface SeededOp {
  op: FusedOp
  /** Orders of gradients that have a kernel. */
  order: 1 | 2 | 0
  count: number
  draw(batch: number, length: number): Omit<OpCase, 'name'>
}

const random = createRandom(2026)
/** A whole number from `least` to `most`. */
export const between = (least: number, most: number) => least + random.integer(most - least + 1)
/** Often 1, mostly odd. */
export const size = (most: number) => (random.integer(4) === 0 ? 1 : between(1, most) | 1)
const seeded = (op: unknown, order: 0 | 1 | 2, count: number, draw: SeededOp['draw']): SeededOp => ({
  op: op as FusedOp,
  order,
  count,
  draw,
})

const stateScale = { m0: 0.2, m1: 0.2, m2: 0.2, w0: 0.3, w1: 0.7, w2: 0.7 }
const tttScale = { rates: 0.1, factors: 0.5, w1: 0.5, w2: 0.5, w1Sum: 0.5, w2Sum: 0.5 }

/** Fused ops with how its shapes are drawn. */
export const seededOps: SeededOp[] = [
  seeded(linearOp, 2, 50, (b, t) => {
    const [rows, columns] = [size(40), size(40)]
    const own = random.integer(2) === 0 ? [b] : []
    return { shapes: { x: [b, t, rows], weight: [...own, rows, columns] } }
  }),
  seeded(rmsNormOp, 2, 40, (b, t) => {
    const width = size(70)
    return { shapes: { x: [b, t, width], scale: [width] }, attributes: { epsilon: 1e-2 } }
  }),
  seeded(ropeOp, 2, 35, (b, t) => ({
    shapes: { x: [b, t, size(4), 2 * size(20)], position: [b] },
    attributes: { theta: 1e4, period: random.integer(3) * size(5) },
    integersBelow: { position: 100 },
  })),
  seeded(swigluOp, 2, 25, (b, t) => {
    const shape = [b, t, size(70)]
    return { shapes: { gate: shape, up: shape } }
  }),
  seeded(attentionOp, 2, 70, (b, t) => {
    const [keyHeads, width, cached] = [between(1, 2), size(20), random.integer(2) * size(12)]
    const keys = [b, t + cached, keyHeads, width]
    return {
      shapes: { q: [b, t, keyHeads * between(1, 3), width], k: keys, v: keys, offset: [b] },
      // Also windows that reach beyond the keys.
      attributes: { window: random.integer(3) * size(30) },
      // Also keys that no query sees.
      integersBelow: { offset: cached + 1 },
    }
  }),
  ...[ringWriteOp, ringJoinOp].map((op) =>
    seeded(op, 2, 20, (b, t) => {
      const [capacity, row] = [between(1, 24), [between(1, 2), size(9)]]
      return {
        shapes: { cache: [b, capacity, ...row], rows: [b, t, ...row], position: [b] },
        integersBelow: { position: 60 },
      }
    }),
  ),
  seeded(linearCrossEntropyOp, 2, 40, (b, t) => {
    const [rows, width, vocabulary] = [b * t, size(24), between(2, 80)]
    return {
      shapes: { hidden: [rows, width], weight: [vocabulary, width], targets: [rows] },
      integersBelow: { targets: vocabulary },
    }
  }),
  seeded(clippedSgdOp(2), 2, 30, (b, t) => {
    const [first, second] = [
      [b, t, size(9)],
      [b, size(30)],
    ]
    return {
      shapes: { w0: first, g0: first, w1: second, g1: second, rate: [] },
      attributes: { maxNorm: between(1, 9) },
    }
  }),
  seeded(gradientClipOp(2), 0, 15, (b, t) => ({
    shapes: { g0: [b, t, size(9)], g1: [size(70)] },
    attributes: { maxNorm: between(1, 9) },
  })),
  seeded(adamwOp, 0, 25, (b, t) => {
    const shape = [b, t, size(9)]
    return {
      shapes: { p: shape, g: shape, m: shape, v: shape, factor: [] },
      attributes: { step: between(1, 9) },
      values: { v: [0.1, 0, 2] },
    }
  }),
  ...[shortConvOp, biasedShortConvOp].map((op) =>
    seeded(op, 1, 25, (b, t) => {
      const [channels, taps] = [size(40), between(2, 6)]
      return {
        shapes: {
          x: [b, t, channels],
          weight: [channels, taps],
          state: [b, channels, taps - 1],
          bias: [channels],
        },
        attributes: { silu: random.integer(2) },
      }
    }),
  ),
  seeded(ssdScanOp, 1, 35, (b, t) => {
    const [groups, width, state] = [between(1, 2), size(12), size(12)]
    const heads = groups * between(1, 2)
    const vectors = [b, t, groups, state]
    return {
      shapes: {
        x: [b, t, heads, width],
        dt: [b, t, heads],
        A: [heads],
        B: vectors,
        C: vectors,
        D: [heads],
        state: [b, heads, width, state],
      },
      attributes: { chunk: between(1, 20) },
      values: { dt: [0.3, 0.01, 0.2, 0.7, 0.05], A: [-1, -0.1, -3] },
    }
  }),
  seeded(gatedDeltaRuleOp, 1, 35, (b, t) => {
    const [keyHeads, depth, width] = [between(1, 2), size(12), size(12)]
    const heads = keyHeads * between(1, 2)
    const keys = [b, t, keyHeads, depth]
    return {
      shapes: {
        q: keys,
        k: keys,
        v: [b, t, heads, width],
        g: [b, t, heads],
        beta: [b, t, heads],
        state: [b, heads, depth, width],
      },
      attributes: { chunk: between(1, 20) },
      values: { g: [-0.1, -0.7, -0.02], beta: [0.5, 0.9] },
      scale: { k: 1 / Math.sqrt(depth) },
    }
  }),
  ...[tttLinearOp, tttMlpOp].map((op, depth) =>
    seeded(op, 1, 25, (batch, length) => {
      // A layer norm of two values bends too strongly for float32.
      const [width, miniBatch] = [between(6, 13), between(1, 5)]
      const layers = depth === 0 ? [width] : [size(16), width]
      return {
        shapes: tttShapes({
          batch,
          length: Math.min(length, 9),
          heads: between(1, 2),
          width,
          miniBatch,
          layers,
        }),
        integersBelow: { position: 2 * miniBatch },
        scale: tttScale,
      }
    }),
  ),
  seeded(lactOp, 1, 25, (b, t) => ({
    shapes: lactShapes(b, Math.min(t, 9), between(2, 6), size(9)),
    attributes: { chunk: between(1, 6), preNorm: random.integer(2) },
    integersBelow: { position: 9 },
    scale: { ...stateScale, w0: 0.7, q: 0.7, k: 0.7, v: 0.7, lr: 0.2, momentum: 0.5 },
  })),
  seeded(titansMemoryOp, 1, 25, (b, t) => ({
    shapes: titansMemoryShapes(b, Math.min(t, 9), between(3, 9), size(9)),
    attributes: {
      chunk: between(1, 6),
      gradientsAtStart: random.integer(2),
      epsilon: 0.3,
    },
    integersBelow: { position: 9 },
    scale: { rate: 0.5, w0: 0.3, w2: 0.7, s0: 0.2, s1: 0.2, s2: 0.2, g1: 0.3, g2: 0.3 },
  })),
  seeded(channelDeltaRuleOp, 1, 35, (b, t) => {
    const [keyHeads, gates, depth, width] = [between(1, 2), between(1, 2), size(20), size(12)]
    const heads = keyHeads * gates * between(1, 2)
    const keys = [b, t, keyHeads, depth]
    const gated = [b, t, keyHeads * gates, depth]
    return {
      shapes: {
        q: keys,
        k: keys,
        erase: gated,
        v: [b, t, heads, width],
        g: gated,
        state: [b, heads, depth, width],
      },
      attributes: { chunk: between(1, 20) },
      values: { g: [-0.1, -0.7, -0.02, -3, 0] },
      scale: { k: 1 / Math.sqrt(depth), erase: 0.7 / Math.sqrt(depth) },
    }
  }),
  seeded(mamba3RotationOp, 1, 25, (b, t) => {
    const [ranks, groups, half] = [between(1, 3), between(1, 2), size(12)]
    const [heads, pairs] = [groups * between(1, 2), between(1, half)]
    const shared = [b, t, ranks, groups, 2 * half]
    const bias = [heads, ranks, 2 * half]
    return {
      shapes: { B: shared, C: shared, dt: [b, t, heads], theta: [b, t, pairs], bBias: bias, cBias: bias, angle: [b, heads, pairs] }, // prettier-ignore
      attributes: { halves: random.integer(2) },
      scale: { dt: 0.3 },
    }
  }),
  seeded(mamba3ScanOp, 1, 30, (b, t) => {
    const [ranks, heads, depth, width] = [between(1, 3), between(1, 3), size(20), size(12)]
    const perToken = [b, t, heads]
    return {
      shapes: {
        q: [b, t, ranks, heads, depth],
        k: [b, t, ranks, heads, depth],
        v: [b, t, ranks, heads, width],
        g: perToken,
        write: perToken,
        own: perToken,
        D: [heads],
        state: [b, heads, width, depth],
        keyBefore: [b, ranks, heads, depth],
        valueBefore: [b, ranks, heads, width],
        writeBefore: [b, heads],
      },
      attributes: { chunk: between(1, 20) },
      values: { g: [-0.1, -0.7, -0.02, -3, 0] },
      scale: { write: 0.5, own: 0.5, k: 1 / Math.sqrt(depth) },
    }
  }),
  seeded(mesaOp, 1, 25, (b, t) => {
    const [heads, depth, width] = [between(1, 3), size(16), size(12)]
    const row = [b, t, heads, depth]
    const sums = Array.from({ length: depth ** 2 }, (_, i) => (i % (depth + 1) === 0 ? 0.7 : 0.02))
    return {
      shapes: {
        q: row,
        k: row,
        v: [b, t, heads, width],
        g: [b, t, heads],
        beta: [b, t, heads],
        lambda: [heads, depth],
        keys: [b, heads, depth, depth],
        values: [b, heads, depth, width],
      },
      values: { g: [-0.1, -0.7, -0.02, -3, 0], beta: [0.5, 0.9, 0, 0.3], lambda: [0.3, 1, 0.5], keys: sums },
      scale: { q: 1 / Math.sqrt(depth), k: 1 / Math.sqrt(depth) },
    }
  }),
  seeded(inPlaceTttOp, 1, 30, (b, t) => {
    const [width, hidden, chunk] = [size(12), size(20), between(1, 8)]
    return {
      shapes: {
        h: [b, t, hidden],
        t: [b, t, width],
        conv: [width, 5],
        fast: [b, width, hidden],
        hOpen: [b, chunk, hidden],
        tOpen: [b, chunk, width],
        position: [b],
      },
      integersBelow: { position: 20 },
    }
  }),
]

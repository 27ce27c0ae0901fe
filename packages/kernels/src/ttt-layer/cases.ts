import type { Shapes } from '@ttt-e2e/tensor-ops'
import type { OpCase } from '@ttt-e2e/tensor-ops/testing'

export interface TttSizes {
  batch: number
  length: number
  heads: number
  width: number
  miniBatch: number
  /** Output widths of the inner model's layers. */
  layers: number[]
}

export function tttShapes({ batch, length, heads, width, miniBatch, layers }: TttSizes): Shapes {
  const tokens = [batch, length, heads, width]
  const weights = layers.flatMap((out, i) => {
    const w = [batch, heads, i === 0 ? width : layers[i - 1], out]
    const b = [batch, heads, out]
    return Object.entries({ [`w${i + 1}`]: w, [`b${i + 1}`]: b, [`w${i + 1}Sum`]: w, [`b${i + 1}Sum`]: b })
  })
  return {
    q: tokens,
    k: tokens,
    v: tokens,
    rates: [batch, length, heads],
    factors: [miniBatch],
    normScale: [heads, width],
    normShift: [heads, width],
    ...Object.fromEntries(weights),
    position: [batch],
  }
}

/** @param layers the inner model's output widths for a head's width */
export function tttCases(layers: (width: number) => number[]): OpCase[] {
  const example = (
    name: string,
    sizes: Omit<TttSizes, 'layers'>,
    position = [0],
    scale: Record<string, number> = {},
  ) => ({
    name,
    shapes: tttShapes({ ...sizes, layers: layers(sizes.width) }),
    integers: { position },
    scale: { rates: 0.1, factors: 0.5, w1: 0.5, w2: 0.5, w1Sum: 0.5, w2Sum: 0.5, ...scale },
  })
  return [
    example('ragged end', { batch: 2, length: 5, heads: 2, width: 8, miniBatch: 3 }),
    example(
      'from inside a mini-batch, over two borders',
      { batch: 1, length: 8, heads: 2, width: 8, miniBatch: 3 },
      [2],
    ),
    example('within a mini-batch', { batch: 1, length: 2, heads: 1, width: 6, miniBatch: 5 }, [1]),
    example('one token', { batch: 2, length: 1, heads: 2, width: 8, miniBatch: 4 }, [2]),
    example(
      'one token that fills a mini-batch',
      { batch: 1, length: 1, heads: 1, width: 8, miniBatch: 3 },
      [2],
    ),
    example(
      'sequences at different positions',
      { batch: 3, length: 4, heads: 2, width: 8, miniBatch: 3 },
      [0, 2, 10_000_000],
    ),
    example('odd width', { batch: 1, length: 4, heads: 1, width: 7, miniBatch: 2 }),
    example('no learning', { batch: 1, length: 5, heads: 1, width: 8, miniBatch: 2 }, [1], { rates: 0 }),
    example('factors of zero', { batch: 1, length: 5, heads: 1, width: 8, miniBatch: 2 }, [1], {
      factors: 0,
    }),
    example('keys of zero', { batch: 1, length: 3, heads: 1, width: 8, miniBatch: 2 }, [0], { k: 0 }),
  ]
}

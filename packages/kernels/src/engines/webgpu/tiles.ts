import type { GpuPrecision } from './half'

/**
 * The sizes that kernels are made with, where they may be chosen: what is fastest differs from adapter to adapter. Products
 * have the same bits with any of them; attention and the head sum in another order.
 */
export interface Tiles {
  /** Products form tiles of `edge` × `edge` by a group of 16 × 16 threads, `depth` terms at a time. */
  product: { edge: number; depth: number }
  /** Of products of at most `fewRows` rows, as decoding has: tiles of so many rows and of `columns`. */
  productOfFewRows: { columns: number; depth: number }
  /** Attention meets tiles of `edge` queries and `edge` keys, by a group of a thread for each pair. */
  attention: { edge: number }
  attentionGradient: { edge: number }
  attentionSecondGradient: { edge: number }
  /** The head: threads of a group, which has a row of logits, and logits that stand at a time. */
  linearCrossEntropy: { threads: number; logits: number }
}

export type TiledKernel = keyof Tiles

/** Terms of products in f16 that share a power of two: any tile has as many, so that it makes no difference which one it is. */
export const halfDepth = 32

/** Rows of a product for which tiles as high as wide would leave most threads idle. */
export const fewRows = 4

/** For adapters that none were chosen for. */
export const standardTiles: Tiles = {
  product: { edge: 64, depth: 16 },
  productOfFewRows: { columns: 64, depth: 32 },
  attention: { edge: 16 },
  attentionGradient: { edge: 16 },
  attentionSecondGradient: { edge: 16 },
  linearCrossEntropy: { threads: 256, logits: 2 ** 24 },
}
const standardHalfTiles: Tiles = { ...standardTiles, product: { edge: 64, depth: halfDepth } }
export const standardTilesIn = (precision: GpuPrecision): Tiles =>
  precision === 'f16' ? standardHalfTiles : standardTiles

const edges = [8, 16, 32].map((edge) => ({ edge }))

/** What may be chosen from. */
const candidates = {
  product: [
    { edge: 32, depth: 16 },
    { edge: 32, depth: 32 },
    { edge: 64, depth: 8 },
    { edge: 64, depth: 16 },
    { edge: 64, depth: 32 },
    { edge: 128, depth: 8 },
    { edge: 128, depth: 16 },
  ],
  halfProduct: [32, 64, 128].map((edge) => ({ edge, depth: halfDepth })),
  productOfFewRows: [
    { columns: 64, depth: 16 },
    { columns: 64, depth: 32 },
    { columns: 64, depth: 64 },
    { columns: 128, depth: 32 },
    { columns: 256, depth: 16 },
  ],
  halfProductOfFewRows: [64, 128, 256].map((columns) => ({ columns, depth: halfDepth })),
  attention: edges,
  linearCrossEntropy: [64, 128, 256, 512, 1024].flatMap((threads) =>
    [2 ** 22, 2 ** 24, 2 ** 26].map((logits) => ({ threads, logits })),
  ),
}

type Limits = Pick<GPUSupportedLimits, 'maxComputeInvocationsPerWorkgroup' | 'maxComputeWorkgroupStorageSize'>

/** Workgroup memory: a tile of each factor, and in f16 the largest values of their lines for two stretches of the depth. */
const productBytes = (rows: number, columns: number, depth: number, precision: GpuPrecision): number =>
  (rows + columns) * (precision === 'f16' ? 2 * depth + 2 * 4 : 4 * depth)

/** What a GPU of these limits can take of them; heads may be too wide for some all the same. */
export function candidatesFor(
  limits: Limits,
  precision: GpuPrecision,
): { [Kernel in TiledKernel]: Tiles[Kernel][] } {
  const threads = limits.maxComputeInvocationsPerWorkgroup
  const bytes = limits.maxComputeWorkgroupStorageSize
  const ofAttention = candidates.attention.filter(({ edge }) => edge * edge <= threads)
  const isHalf = precision === 'f16'
  return {
    product: (isHalf ? candidates.halfProduct : candidates.product).filter(
      ({ edge, depth }) => productBytes(edge, edge, depth, precision) <= bytes,
    ),
    productOfFewRows: (isHalf ? candidates.halfProductOfFewRows : candidates.productOfFewRows).filter(
      ({ columns, depth }) => productBytes(fewRows, columns, depth, precision) <= bytes,
    ),
    attention: ofAttention,
    attentionGradient: ofAttention,
    attentionSecondGradient: ofAttention,
    linearCrossEntropy: candidates.linearCrossEntropy.filter((each) => each.threads <= threads),
  }
}

/** Whether these are a choice that a GPU of these limits can take: what a file says has to be one. */
export function areTiles(given: unknown, limits: Limits, precision: GpuPrecision): given is Tiles {
  if (typeof given !== 'object' || given === null) return false
  return Object.entries(candidatesFor(limits, precision)).every(([kernel, known]) => {
    const sizes = JSON.stringify((given as Record<string, unknown>)[kernel])
    return known.some((each) => JSON.stringify(each) === sizes)
  })
}

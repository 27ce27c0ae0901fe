import type { GpuPrecision } from './half'

/**
 * The sizes that kernels are made with, where they may be chosen: what is fastest differs from adapter to adapter. Products
 * have the same bits with any of them; attention and the head sum in another order.
 */
export interface Tiles {
  /** Products form tiles of `edge` × `edge` by a group of 16 × 16 threads, `depth` terms at a time. */
  product: { edge: number; depth: number }
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

/** For adapters that none were chosen for. */
export const standardTiles: Tiles = {
  product: { edge: 64, depth: 16 },
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
  attention: edges,
  linearCrossEntropy: [64, 128, 256, 512, 1024].flatMap((threads) =>
    [2 ** 22, 2 ** 24, 2 ** 26].map((logits) => ({ threads, logits })),
  ),
}

type Limits = Pick<GPUSupportedLimits, 'maxComputeInvocationsPerWorkgroup' | 'maxComputeWorkgroupStorageSize'>

/** Workgroup memory: two tiles, and in f16 the largest values of their lines for two stretches of the depth. */
const productBytes = ({ edge, depth }: Tiles['product'], precision: GpuPrecision): number =>
  precision === 'f16' ? 2 * 2 * edge * depth + 4 * 4 * edge : 4 * 2 * edge * depth

/** What a GPU of these limits can take of them; heads may be too wide for some all the same. */
export function candidatesFor(
  limits: Limits,
  precision: GpuPrecision,
): { [Kernel in TiledKernel]: Tiles[Kernel][] } {
  const threads = limits.maxComputeInvocationsPerWorkgroup
  const bytes = limits.maxComputeWorkgroupStorageSize
  const ofAttention = candidates.attention.filter(({ edge }) => edge * edge <= threads)
  return {
    product: (precision === 'f16' ? candidates.halfProduct : candidates.product).filter(
      (tile) => productBytes(tile, precision) <= bytes,
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

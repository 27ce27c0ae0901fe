import type { TiledKernel, Tiles, Tiling } from '@ttt-e2e/kernels/engines/webgpu'

/** What came of one of the sizes that a kernel could have. */
export interface Trial {
  kernel: TiledKernel
  /** e.g. "edge 64, depth 16". */
  sizes: string
  chosen: boolean
  /** Of its work at all shapes. */
  seconds?: number
  /** Why it is out of the question. */
  wrong?: string
}

/** What a kernel with the sizes that are in use is asked. */
export interface TileWork {
  /** What is wrong with its results; undefined where they are right. */
  wrong(): Promise<string | undefined>
  seconds(): Promise<number>
}

/**
 * Tries the sizes that each kernel could have and leaves the fastest of those with right results in use. Where none is
 * right, those from before stay.
 *
 * @param mayGoOn asked before each trial; the others aren't made once it says no
 */
export async function chooseTiles(
  tiling: Pick<Tiling, 'tiles' | 'candidates'>,
  work: Readonly<Record<TiledKernel, TileWork>>,
  kernels: readonly TiledKernel[],
  onTrial: (kernel: TiledKernel, sizes: string) => void = () => {},
  mayGoOn: () => boolean = () => true,
): Promise<Trial[]> {
  const trials: Trial[] = []
  for (const kernel of kernels) {
    const before = tiling.tiles
    let best: { tiles: Tiles; trial: Trial; seconds: number } | undefined
    const inUse = sizesOf(before[kernel])
    // Those in use first: the others' results are held to theirs, too.
    const candidates = [...tiling.candidates()[kernel]].sort(
      (a, b) => Number(sizesOf(b) === inUse) - Number(sizesOf(a) === inUse),
    )
    for (const sizes of candidates) {
      if (!mayGoOn()) break
      const trial: Trial = { kernel, sizes: sizesOf(sizes), chosen: false }
      trials.push(trial)
      onTrial(kernel, trial.sizes)
      const tiles = { ...before, [kernel]: sizes }
      tiling.tiles = tiles
      try {
        trial.wrong = await work[kernel].wrong()
        if (trial.wrong !== undefined) continue
        const seconds = await work[kernel].seconds()
        trial.seconds = seconds
        if (best === undefined || seconds < best.seconds) best = { tiles, trial, seconds }
      } catch (error) {
        trial.wrong = (error as Error).message.split('\n')[0]
      } finally {
        tiling.tiles = best?.tiles ?? before
      }
    }
    if (best) best.trial.chosen = true
  }
  return trials
}

export const sizesOf = (sizes: object): string =>
  Object.entries(sizes)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

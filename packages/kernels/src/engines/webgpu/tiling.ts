import { tiledKernels as attention } from '../../attention/wgsl'
import { tiledKernels as linearCrossEntropy } from '../../linear-cross-entropy/wgsl-rows'
import { cacheFolder } from '../cache-folder'
import type { GpuBackend } from './backend'
import type { GpuPrecision } from './half'
import { sourceOf, type GpuKernel } from './kernel'
import { tiledKernels as product } from './product'
import { areTiles, candidatesFor, standardTilesIn, type Tiles } from './tiles'

const builtinModules = typeof process === 'undefined' ? undefined : process.getBuiltinModule

interface TilesFile {
  adapter: string
  chosenAt: string
  tiles: Tiles
}

/** The sizes of tiles that a backend's kernels have, and the file that keeps those chosen for its adapter. */
export class Tiling {
  /** When those in use were chosen; undefined for the standard ones. */
  chosenAt: string | undefined

  constructor(private readonly backend: Pick<GpuBackend, 'tiles' | 'gpu' | 'precision'>) {}

  get tiles(): Tiles {
    return this.backend.tiles
  }
  /** Of kernels that are called from now on. */
  set tiles(tiles: Tiles) {
    this.backend.tiles = tiles
  }

  /** What the adapter can take. */
  candidates(): ReturnType<typeof candidatesFor> {
    return candidatesFor(this.backend.gpu.limits, this.backend.precision)
  }

  /**
   * Takes those that were chosen for this adapter, its driver and these kernels in the backend's precision, where the cache
   * folder has any, else the standard ones.
   */
  load(): void {
    const { gpu, precision } = this.backend
    this.backend.tiles = standardTilesIn(precision)
    this.chosenAt = undefined
    const path = this.path()
    if (path === undefined || !builtinModules) return
    const { existsSync, readFileSync } = builtinModules('node:fs')
    try {
      if (!existsSync(path)) return
      const { tiles, chosenAt } = JSON.parse(readFileSync(path, 'utf8')) as TilesFile
      if (!areTiles(tiles, gpu.limits, precision) || typeof chosenAt !== 'string') return
      this.backend.tiles = tiles
      this.chosenAt = chosenAt
    } catch {
      // What can't be read is as if it weren't there.
    }
  }

  /** The file that keeps those in use for the next processes on this adapter, for the caller to write. */
  toKeep(): { path: string; text: string } {
    const path = this.path()
    if (path === undefined) throw new Error('a page has no cache folder to keep tiles in')
    const { gpu, tiles } = this.backend
    this.chosenAt = new Date().toISOString()
    const file: TilesFile = { adapter: gpu.identity, chosenAt: this.chosenAt, tiles }
    return { path, text: `${JSON.stringify(file, null, 1)}\n` }
  }

  /** Named by the adapter with its driver and by the kernels' sources: what was chosen for others isn't found. */
  private path(): string | undefined {
    const folder = cacheFolder()
    if (folder === undefined || !builtinModules) return undefined
    const { gpu, precision } = this.backend
    const sources = allTiledKernels(precision).map((kernel) => sourceOf(kernel, gpu.features))
    const key = builtinModules('node:crypto')
      .createHash('sha256')
      .update(JSON.stringify([gpu.identity, ...sources]))
      .digest('hex')
      .slice(0, 24)
    return builtinModules('node:path').join(folder, 'webgpu', `tiles-${key}.json`)
  }
}

/** The kernels that tiles are chosen for. */
const allTiledKernels = (precision: GpuPrecision): GpuKernel[] => [
  ...product(standardTilesIn(precision), precision),
  ...attention(precision),
  ...linearCrossEntropy(),
]

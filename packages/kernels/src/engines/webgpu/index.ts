import { registerEngine } from '@ttt-e2e/tensor-ops'
import type { GpuBackend } from './backend'
import { openGpu, wantedLimits, type Gpu } from './device'
import type { GpuPrecision } from './half'
import type { KernelSet } from './kernel-set'
import { registerGpuBackend } from './register'
import { Tiling } from './tiling'

export { standardTiles, type TiledKernel, type Tiles } from './tiles'
export type { Tiling }

let opening: Promise<Gpu | string> | undefined
let running: { backend: GpuBackend; kernels: KernelSet; tiling: Tiling } | undefined

/** The device, or the reason why there is none. One that has failed is replaced. */
async function gpu(): Promise<Gpu | string> {
  const known = await opening
  if (typeof known === 'object' && known.failed) opening = undefined
  return (opening ??= openGpu().catch(
    (error: Error) => `no device could be opened (${error.message.split('\n')[0]})`,
  ))
}

/** The sizes of tiles that the engine's kernels have; undefined until it is created. */
export const webgpuTiling = (): Tiling | undefined => running?.tiling

registerEngine({
  name: 'webgpu',
  // Behind `native` until it was measured on a GPU beside it.
  rank: 30,
  precisions: ['f32', 'f16'],
  async probe(precision) {
    const found = await gpu()
    if (typeof found === 'string') return found
    return precision !== 'f16' || found.features.has('shader-f16') || `${found.adapterName} has no shader-f16`
  },
  async worthIt() {
    const found = await gpu()
    return typeof found !== 'string' && found.software
      ? `${found.adapterName} computes on the processor`
      : true
  },
  async create({ precision = 'f32' }) {
    const found = await gpu()
    if (typeof found === 'string') throw new Error(found)
    if (running?.backend.gpu !== found) {
      const made = registerGpuBackend('webgpu', found)
      running = { ...made, tiling: new Tiling(made.backend) }
      running.tiling.load()
    }
    const { backend, tiling } = running
    if (backend.precision !== precision) {
      backend.precision = precision as GpuPrecision
      tiling.load()
    }
    const adapter = found.software ? `${found.adapterName}, on the processor` : found.adapterName
    return precision === 'f16' ? `${adapter}, products in f16` : adapter
  },
  memory: () => ({
    live: running?.backend.pool.liveBytes ?? 0,
    reserved: running?.backend.pool.reservedBytes ?? 0,
    limit: Infinity,
  }),
  behind: () => running?.backend.commands.behind(),
  commands: () => ({ ...(running?.backend.commands.counts ?? { dispatches: 0, submits: 0, readBacks: 0 }) }),
  limits: () =>
    Object.fromEntries(wantedLimits.map((name) => [name, running?.backend.gpu.limits[name] ?? 0])),
  hasOwnKernel: (kernelName) => running?.kernels.own.has(kernelName) ?? false,
})

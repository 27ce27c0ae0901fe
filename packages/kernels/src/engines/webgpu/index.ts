import { registerEngine } from '@ttt-e2e/tensor-ops'
import type { GpuBackend } from './backend'
import { openGpu, wantedLimits, type Gpu } from './device'
import type { KernelSet } from './kernel-set'
import { registerGpuBackend } from './register'

let opening: Promise<Gpu | string> | undefined
let running: { backend: GpuBackend; kernels: KernelSet } | undefined

/** The device, or the reason why there is none. One that has failed is replaced. */
async function gpu(): Promise<Gpu | string> {
  const known = await opening
  if (typeof known === 'object' && known.failed) opening = undefined
  return (opening ??= openGpu().catch(
    (error: Error) => `no device could be opened (${error.message.split('\n')[0]})`,
  ))
}

registerEngine({
  name: 'webgpu',
  // Behind `native` until it was measured on a GPU beside it.
  rank: 30,
  async probe() {
    const found = await gpu()
    return typeof found === 'string' ? found : true
  },
  async worthIt() {
    const found = await gpu()
    return typeof found !== 'string' && found.software
      ? `${found.adapterName} computes on the processor`
      : true
  },
  async create() {
    const found = await gpu()
    if (typeof found === 'string') throw new Error(found)
    if (running?.backend.gpu !== found) running = registerGpuBackend('webgpu', found)
    return found.software ? `${found.adapterName}, on the processor` : found.adapterName
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

import { coreCount, registerEngine } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import type { KernelSet } from '../compiled/kernel-set'
import { registerCompiledBackend } from '../compiled/register'
import { mostBytes } from './host'
import { loadWasm, type WasmModule } from './module'

export type { WasmModule }

let loading: Promise<WasmModule | string> | undefined
let loaded: WasmModule | undefined
let kernels: KernelSet | undefined

/** The module, or the reason why it can't be had here. */
export function wasmModule(): Promise<WasmModule | string> {
  return (loading ??= load())
}

async function load(): Promise<WasmModule | string> {
  if (typeof WebAssembly === 'undefined') return 'this runtime has no WebAssembly'
  try {
    const module = await loadWasm()
    module.setPoison(typeof process !== 'undefined' && process.env.TTT_E2E_POISON === '1' ? 1 : 0)
    loaded = module
    return module
  } catch (error) {
    return `its module could not be loaded (${(error as Error).message.split('\n')[0]})`
  }
}

/** Not `wasm`: so is that of TensorFlow.js' own package called, which a program may have beside this one. */
const backend = 'ttt-wasm'

registerEngine({
  name: 'wasm',
  backend,
  rank: 40,
  async probe() {
    const module = await wasmModule()
    return typeof module === 'string' ? module : true
  },
  async create({ threads: wanted = coreCount() }) {
    const module = await wasmModule()
    if (typeof module === 'string') throw new Error(module)
    kernels ??= registerCompiledBackend(backend, module)
    const { threads, refused } = await module.useThreads(wanted)
    return `128-bit SIMD, ${counted(threads, 'thread')}${refused ? ` (${refused})` : ''}`
  },
  memory: () => ({
    live: loaded?.liveBytes() ?? 0,
    reserved: loaded?.reservedBytes() ?? 0,
    limit: mostBytes,
  }),
  hasOwnKernel: (kernelName) => kernels?.own.has(kernelName) ?? false,
})

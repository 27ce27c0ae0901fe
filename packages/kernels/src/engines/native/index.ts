import { registerEngine, tf } from '@ttt-e2e/tensor-ops'
import { availableParallelism } from 'node:os'
import { loadAddon, type Addon } from './addon'
import { NativeBackend } from './backend'
import { buildAddon } from './build'
import { registerFusedKernels } from './fused-kernels'
import { backendName, KernelSet } from './kernel-set'
import { registerElementwise } from './stock/elementwise'
import { registerIndexing } from './stock/indexing'
import { registerLayout } from './stock/layout'
import { registerMatrixProduct } from './stock/matrix-product'
import { registerReductions } from './stock/reductions'
import { registerViews } from './stock/views'

let loading: Promise<Addon | string> | undefined
let kernels: KernelSet | undefined

/** The addon, or the reason why it can't be had here. */
export function nativeAddon(): Promise<Addon | string> {
  return (loading ??= load())
}

async function load(): Promise<Addon | string> {
  const build = await buildAddon()
  if ('reason' in build) return build.reason
  try {
    const addon = loadAddon(build.path)
    useInstructionSet(addon, process.env.TTT_E2E_ISA)
    addon.setPoison(process.env.TTT_E2E_POISON === '1' ? 1 : 0)
    return addon
  } catch (error) {
    return `it could not be loaded (${(error as Error).message.split('\n')[0]})`
  }
}

/** Switches the kernels to those of another instruction set; the best that this machine has where left out. */
export function useInstructionSet(addon: Addon, name?: string): void {
  const index = name
    ? addon.instructionSets.findIndex((set) => set[0] === name)
    : addon.instructionSets.findIndex((set) => set[2])
  if (index < 0) {
    const known = addon.instructionSets.map((set) => set[0]).join(', ')
    throw new Error(`unknown instruction set '${name}'; known: ${known}`)
  }
  addon.useInstructionSet(index)
  instructionSet = addon.instructionSets[index][1]
}
let instructionSet = ''

function registerBackend(addon: Addon): KernelSet {
  tf.registerBackend(backendName, () => new NativeBackend(addon), 0)
  tf.copyRegisteredKernels('cpu', backendName)
  const set = new KernelSet(addon)
  for (const register of [
    registerElementwise,
    registerReductions,
    registerMatrixProduct,
    registerLayout,
    registerViews,
    registerIndexing,
    registerFusedKernels,
  ])
    register(set)
  return set
}

registerEngine({
  name: 'native',
  async probe() {
    const addon = await nativeAddon()
    return typeof addon === 'string' ? addon : true
  },
  async create({ threads = availableParallelism() }) {
    const addon = await nativeAddon()
    if (typeof addon === 'string') throw new Error(addon)
    addon.setThreads(threads)
    kernels ??= registerBackend(addon)
    return `${instructionSet}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  },
  hasOwnKernel: (kernelName) => kernels?.own.has(kernelName) ?? false,
})

import { coreCount, registerEngine, type Precision } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { totalmem } from 'node:os'
import type { KernelSet } from '../compiled/kernel-set'
import { registerCompiledBackend } from '../compiled/register'
import { loadAddon, type Addon } from './addon'
import { buildAddon } from './build'
import type { Build } from './first-use'
import { NativeModule } from './module'
import { findPrebuilt } from './prebuilt'
import { findSources } from '../compiled/sources'

let loaded: Addon | undefined
let loading: Promise<Addon | string> | undefined
let kernels: KernelSet | undefined

/** The addon, or the reason why it can't be had here. */
export function nativeAddon(): Promise<Addon | string> {
  return (loading ??= load())
}

async function load(): Promise<Addon | string> {
  try {
    const addon = await find()
    if (typeof addon === 'string') return addon
    useInstructionSet(addon, process.env.TTT_E2E_ISA)
    addon.setPoison(process.env.TTT_E2E_POISON === '1' ? 1 : 0)
    loaded = addon
    return addon
  } catch (error) {
    return notLoaded(error)
  }
}

/** The prebuilt addon, else one compiled here. */
async function find(): Promise<Addon | string> {
  const sources = findSources('native')
  let prebuilt: Build = findPrebuilt(sources)
  if ('path' in prebuilt) {
    try {
      return loadAddon(prebuilt.path)
    } catch (error) {
      // Only where the system can't load the file, an older one for example, would another file do better.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_DLOPEN_FAILED') throw error
      prebuilt = { reason: `the prebuilt one: ${notLoaded(error)}` }
    }
  }
  const build = await buildAddon(sources)
  return 'path' in build ? loadAddon(build.path) : `${build.reason}; ${prebuilt.reason}`
}

function notLoaded(error: unknown): string {
  return `it could not be loaded (${(error as Error).message.split('\n')[0]})`
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
  const [, label, , f32, bf16] = addon.instructionSets[index]
  instructionSet = label
  units = { f32, bf16 }
}
let instructionSet = ''
/** What products are made with, where not with the instruction set itself. */
let units: Partial<Record<Precision, string>> = {}

/** Asked once: the system is slow to answer, and memory is looked at for each chunk. */
const memoryLimit = Math.min(totalmem(), process.constrainedMemory() || Infinity)

registerEngine({
  name: 'native',
  rank: 10,
  precisions: ['f32', 'bf16'],
  async probe() {
    const addon = await nativeAddon()
    return typeof addon === 'string' ? addon : true
  },
  async create({ threads = coreCount(), precision = 'f32' }) {
    const addon = await nativeAddon()
    if (typeof addon === 'string') throw new Error(addon)
    addon.setThreads(threads)
    addon.setBf16(precision === 'bf16' ? 1 : 0)
    kernels ??= registerCompiledBackend('native', new NativeModule(addon))
    const products = units[precision] ? `, ${precision} by ${units[precision]}` : ''
    return `${instructionSet}${products}, ${counted(threads, 'thread')}`
  },
  memory: () => ({
    live: loaded?.liveBytes() ?? 0,
    reserved: loaded?.reservedBytes() ?? 0,
    limit: memoryLimit,
  }),
  giveBackIdle: () => loaded?.giveBackIdle(),
  hasOwnKernel: (kernelName) => kernels?.own.has(kernelName) ?? false,
})

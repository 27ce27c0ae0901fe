import { registerEngine } from '@ttt-e2e/tensor-ops'
import { availableParallelism } from 'node:os'
import type { KernelSet } from '../compiled/kernel-set'
import { registerCompiledBackend } from '../compiled/register'
import { loadAddon, type Addon } from './addon'
import { buildAddon } from './build'
import { NativeModule } from './module'

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
  ;[, instructionSet, , bf16Unit] = addon.instructionSets[index]
}
let instructionSet = ''
let bf16Unit = ''

registerEngine({
  name: 'native',
  precisions: ['f32', 'bf16'],
  async probe() {
    const addon = await nativeAddon()
    return typeof addon === 'string' ? addon : true
  },
  async create({ threads = availableParallelism(), precision }) {
    const addon = await nativeAddon()
    if (typeof addon === 'string') throw new Error(addon)
    addon.setThreads(threads)
    addon.setBf16(precision === 'bf16' ? 1 : 0)
    kernels ??= registerCompiledBackend('native', new NativeModule(addon))
    const products = precision === 'bf16' ? `, bf16 by ${bf16Unit}` : ''
    return `${instructionSet}${products}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  },
  hasOwnKernel: (kernelName) => kernels?.own.has(kernelName) ?? false,
})

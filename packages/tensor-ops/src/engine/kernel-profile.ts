import { usePrograms } from '../program/backend'
import { tf } from '../tf'

export interface KernelProfile {
  /** Kernel calls, each one counted once. */
  calls: number
  milliseconds: number
  byKernel: KernelTotal[]
}

export interface KernelTotal {
  name: string
  calls: number
  milliseconds: number
  /** Calls in which the engine's kernel left the work to another engine's. */
  fallbacks: number
}

/** The kernel that a profile is looking at. */
let running: KernelTotal | undefined

/** An engine says that the kernel that is running leaves its work to another engine's. */
export function noteFallback(): void {
  if (running) running.fallbacks++
}

/**
 * Runs `run` and reports the kernels that the active engine executed meanwhile, slowest first. A kernel that calls
 * another counts as one call. Programs run as they were written, kernel by kernel.
 */
export async function profileKernels<T>(
  run: () => T | Promise<T>,
): Promise<{ result: T; profile: KernelProfile }> {
  const kernels = tf.getKernelsForBackend(tf.getBackend())
  const totals = new Map<string, KernelTotal>()
  const originals = kernels.map((kernel) => kernel.kernelFunc)
  kernels.forEach(({ kernelName: name }, i) => {
    kernels[i].kernelFunc = (params) => {
      if (running) return originals[i](params)
      const total = totals.get(name) ?? { name, calls: 0, milliseconds: 0, fallbacks: 0 }
      totals.set(name, total)
      running = total
      const start = performance.now()
      try {
        return originals[i](params)
      } finally {
        running = undefined
        total.calls++
        total.milliseconds += performance.now() - start
      }
    }
  })
  const programs = usePrograms(false)
  try {
    const result = await run()
    const byKernel = [...totals.values()].sort((a, b) => b.milliseconds - a.milliseconds)
    const sum = (key: 'calls' | 'milliseconds') => byKernel.reduce((total, kernel) => total + kernel[key], 0)
    return { result, profile: { calls: sum('calls'), milliseconds: sum('milliseconds'), byKernel } }
  } finally {
    usePrograms(programs)
    kernels.forEach((kernel, i) => (kernel.kernelFunc = originals[i]))
  }
}

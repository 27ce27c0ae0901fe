import { usePrograms } from '../program/backend'
import { tf } from '../tf'

export interface KernelProfile {
  /** Kernel calls, each one counted once. */
  calls: number
  milliseconds: number
  byKernel: { name: string; calls: number; milliseconds: number }[]
}

/**
 * Runs `run` and reports the kernels that the active engine executed meanwhile, slowest first. A kernel that calls
 * another counts as one call. Programs run as they were written, kernel by kernel.
 */
export async function profileKernels<T>(
  run: () => T | Promise<T>,
): Promise<{ result: T; profile: KernelProfile }> {
  const kernels = tf.getKernelsForBackend(tf.getBackend())
  const totals = new Map<string, { calls: number; milliseconds: number }>()
  const originals = kernels.map((kernel) => kernel.kernelFunc)
  let depth = 0
  kernels.forEach((kernel, i) => {
    kernel.kernelFunc = (params) => {
      if (depth > 0) return originals[i](params)
      depth++
      const start = performance.now()
      try {
        return originals[i](params)
      } finally {
        depth--
        const total = totals.get(kernel.kernelName) ?? { calls: 0, milliseconds: 0 }
        total.calls++
        total.milliseconds += performance.now() - start
        totals.set(kernel.kernelName, total)
      }
    }
  })
  const programs = usePrograms(false)
  try {
    const result = await run()
    const byKernel = [...totals].map(([name, total]) => ({ name, ...total }))
    byKernel.sort((a, b) => b.milliseconds - a.milliseconds)
    const sum = (key: 'calls' | 'milliseconds') => byKernel.reduce((total, kernel) => total + kernel[key], 0)
    return { result, profile: { calls: sum('calls'), milliseconds: sum('milliseconds'), byKernel } }
  } finally {
    usePrograms(programs)
    kernels.forEach((kernel, i) => (kernel.kernelFunc = originals[i]))
  }
}

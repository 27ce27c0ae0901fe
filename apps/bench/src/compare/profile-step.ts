import { tf, type KernelProfile } from '@ttt-e2e/tensor-ops'

/**
 * As `profileKernels`, for work that awaits: runs `run` and reports the kernels that the engine executed until its
 * promise is settled, slowest first. A kernel that calls another counts as one call.
 */
export async function profileStep<T>(run: () => Promise<T>): Promise<{ result: T; profile: KernelProfile }> {
  const kernels = tf.getKernelsForBackend(tf.getBackend())
  const originals = kernels.map((kernel) => kernel.kernelFunc)
  const totals = new Map<string, { calls: number; milliseconds: number }>()
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
  try {
    const result = await run()
    const byKernel = [...totals].map(([name, total]) => ({ name, ...total }))
    byKernel.sort((a, b) => b.milliseconds - a.milliseconds)
    const sum = (key: 'calls' | 'milliseconds') => byKernel.reduce((total, kernel) => total + kernel[key], 0)
    return { result, profile: { calls: sum('calls'), milliseconds: sum('milliseconds'), byKernel } }
  } finally {
    kernels.forEach((kernel, i) => (kernel.kernelFunc = originals[i]))
  }
}

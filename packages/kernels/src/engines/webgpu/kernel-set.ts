import { noteFallback, tf } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, TensorInfo } from './backend'

export interface KernelCall {
  inputs: Record<string, TensorInfo>
  attributes: Record<string, unknown>
  backend: GpuBackend
}

/** Returns undefined where the kernel doesn't take these inputs: then the cpu backend's runs, on what is in JavaScript. */
export type StockKernel = (call: KernelCall) => TensorInfo | TensorInfo[] | undefined

/** Registers kernels for the backend and knows which of them are its own. */
export class KernelSet {
  readonly own = new Set<string>()

  constructor(private readonly backendName: string) {}

  register(kernelName: string, kernel: StockKernel): void {
    const { backendName } = this
    const fallback = tf.getKernel(kernelName, backendName)
    if (fallback) tf.unregisterKernel(kernelName, backendName)
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: (given) => {
        const { inputs, attrs, backend } = given as unknown as {
          inputs: Record<string, TensorInfo>
          attrs: Record<string, unknown>
          backend: GpuBackend
        }
        const result = kernel({ inputs, attributes: attrs, backend })
        if (result !== undefined) return result
        if (!fallback)
          throw new Error(`the engine '${backendName}' can't run the kernel ${kernelName} on these inputs`)
        noteFallback()
        return fallback.kernelFunc(given)
      },
    })
    this.own.add(kernelName)
  }
}

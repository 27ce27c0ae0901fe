import { noteFallback, tf } from '@ttt-e2e/tensor-ops'
import type { CompiledBackend, TensorInfo } from './backend'
import type { CompiledModule } from './module'

export interface KernelCall {
  inputs: Record<string, TensorInfo>
  attributes: Record<string, unknown>
  backend: CompiledBackend
}

/** Returns undefined where the compiled kernel doesn't take these inputs: then the cpu backend's kernel runs. */
export type CompiledKernel = (call: KernelCall) => TensorInfo | TensorInfo[] | undefined

/** Registers kernels for the backend and knows which of them are its own. */
export class KernelSet {
  readonly own = new Set<string>()
  private readonly indexes: Map<string, number>

  constructor(
    module: CompiledModule,
    private readonly backendName: string,
  ) {
    this.indexes = new Map(module.kernelNames.map((name, index) => [name, index]))
  }

  has(name: string): boolean {
    return this.indexes.has(name)
  }

  index(name: string): number {
    const index = this.indexes.get(name)
    if (index === undefined) throw new Error(`the compiled module has no kernel '${name}'`)
    return index
  }

  register(kernelName: string, kernel: CompiledKernel): void {
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
          backend: CompiledBackend
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

import { noteFallback, tf } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, TensorInfo } from './backend'
import { mostKept } from './data'

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
        if (result !== undefined) {
          if (fallback) keepKnown(backend, Object.values(inputs), result, () => fallback.kernelFunc(given))
          return result
        }
        if (!fallback)
          throw new Error(`the engine '${backendName}' can't run the kernel ${kernelName} on these inputs`)
        noteFallback()
        return fallback.kernelFunc(given)
      },
    })
    this.own.add(kernelName)
  }
}

/**
 * Integers that follow from few that JavaScript knows, the positions of heads from those of rows for example, stay known
 * to it: some references look at them.
 */
function keepKnown(
  backend: GpuBackend,
  inputs: readonly TensorInfo[],
  result: TensorInfo | TensorInfo[],
  compute: () => TensorInfo | TensorInfo[],
): void {
  const results = [result].flat()
  const isKnown = (x: TensorInfo) => x.dtype === 'int32' && backend.dataOf(x).own !== undefined
  const isOpen = (x: TensorInfo) => {
    const { own, size } = backend.dataOf(x)
    return x.dtype === 'int32' && own === undefined && size <= mostKept
  }
  if (!results.every(isOpen) || inputs.length === 0 || !inputs.every(isKnown)) return
  backend.programs.unseen(() =>
    [compute()].flat().forEach(({ dataId }, i) => {
      backend.dataOf(results[i]).own = backend.dataOf({ dataId }).own
      backend.disposeData(dataId)
    }),
  )
}

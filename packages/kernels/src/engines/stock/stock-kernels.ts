import { noteFallback, tf } from '@ttt-e2e/tensor-ops'

/** What a kernel is called with. */
export interface StockCall<B> {
  inputs: Record<string, tf.TensorInfo>
  attributes: Record<string, unknown>
  backend: B
}

/** Returns undefined where the engine's kernel doesn't take these inputs: then the cpu backend's runs. */
export type StockKernel<B> = (call: StockCall<B>) => tf.TensorInfo | tf.TensorInfo[] | undefined

/** Registers kernels of tfjs for an engine's backend, in front of the cpu backend's, and knows which are its own. */
export class StockKernels<B> {
  readonly own = new Set<string>()

  constructor(private readonly backendName: string) {}

  register(kernelName: string, kernel: StockKernel<B>): void {
    const { backendName } = this
    const fallback = tf.getKernel(kernelName, backendName)
    if (fallback) tf.unregisterKernel(kernelName, backendName)
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: (given) => {
        const { inputs, attrs, backend } = given as unknown as {
          inputs: Record<string, tf.TensorInfo>
          attrs: Record<string, unknown>
          backend: B
        }
        const call = { inputs, attributes: attrs, backend }
        const result = kernel(call)
        if (result !== undefined) {
          this.ran?.(call, result, fallback && (() => fallback.kernelFunc(given)))
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

  /** Told of each call of the engine's own kernels. @param onCpu what the cpu backend makes of it, where it can */
  protected ran?(
    call: StockCall<B>,
    result: tf.TensorInfo | tf.TensorInfo[],
    onCpu: (() => tf.TensorInfo | tf.TensorInfo[]) | undefined,
  ): void
}

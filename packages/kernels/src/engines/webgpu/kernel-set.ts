import { StockKernels, type StockCall } from '../stock/stock-kernels'
import type { GpuBackend, TensorInfo } from './backend'
import { mostKept } from './data'

/** The kernels of tfjs that the engine has in WGSL. */
export class KernelSet extends StockKernels<GpuBackend> {
  /**
   * Integers that follow from few that JavaScript knows, the positions of heads from those of rows for example, stay known
   * to it: some references look at them.
   */
  protected override ran(
    { inputs, backend }: StockCall<GpuBackend>,
    result: TensorInfo | TensorInfo[],
    onCpu: (() => TensorInfo | TensorInfo[]) | undefined,
  ): void {
    if (!onCpu) return
    const [given, results] = [Object.values(inputs), [result].flat()]
    const isKnown = (x: TensorInfo) => x.dtype === 'int32' && backend.dataOf(x).own !== undefined
    const isOpen = (x: TensorInfo) => {
      const { own, size } = backend.dataOf(x)
      return x.dtype === 'int32' && own === undefined && size <= mostKept
    }
    if (!results.every(isOpen) || given.length === 0 || !given.every(isKnown)) return
    backend.programs.unseen(() =>
      [onCpu()].flat().forEach(({ dataId }, i) => {
        backend.dataOf(results[i]).own = backend.dataOf({ dataId }).own
        backend.disposeData(dataId)
      }),
    )
  }
}

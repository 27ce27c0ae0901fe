import { registerViews } from '../../stock/views'
import type { KernelSet } from '../kernel-set'

const casts: Record<string, string> = {
  'float32>int32': 'FloatToInt',
  'int32>float32': 'IntToFloat',
  'bool>float32': 'BoolToFloat',
  'bool>int32': 'BoolToInt',
}

/** Views, and casts by the module's kernels. */
export function registerCasts(kernels: KernelSet): void {
  registerViews(kernels, (x, dtype, backend) => {
    const kernel = casts[`${x.dtype}>${dtype}`]
    if (!kernel) return undefined
    return backend.call(kernels.index(kernel), [x], [x.shape], [], dtype as 'float32' | 'int32')[0]
  })
}

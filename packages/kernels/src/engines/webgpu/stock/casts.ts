import { registerViews } from '../../stock/views'
import type { GpuType } from '../data'
import type { KernelSet } from '../kernel-set'
import { applyUnary } from './elementwise'

const casts: Record<string, string> = {
  'float32>int32': 'i32(x)',
  'int32>float32': 'f32(x)',
  'bool>float32': 'f32(x)',
  'bool>int32': 'x',
  'float32>bool': 'select(0, 1, x != 0.0)',
  'int32>bool': 'select(0, 1, x != 0)',
}

/** Views, and casts in WGSL. */
export function registerCasts(kernels: KernelSet): void {
  registerViews(kernels, (x, dtype, backend) => {
    const expression = casts[`${x.dtype}>${dtype}`]
    if (!expression) return undefined
    const name = `Cast ${x.dtype} ${dtype}`
    return applyUnary(backend, name, expression, x, x.dtype as GpuType, dtype as GpuType)
  })
}

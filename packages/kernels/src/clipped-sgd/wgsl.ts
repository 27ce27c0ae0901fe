import type { Shapes } from '@ttt-e2e/tensor-ops'
import { clippedSgdGradient, clippedSgdSecondGradient } from './wgsl-gradient'
import type { Output } from '../engines/webgpu/backend'
import { sizeOf } from '../engines/size-of'
import { limited, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import {
  floatWord,
  forEachValue,
  groupsFor,
  outputAsInput,
  type GpuKernel,
  type Part,
} from '../engines/webgpu/kernel'
import { dotScratch, normParts } from '../engines/webgpu/dots-of-rows'

const update: GpuKernel = {
  name: 'ClippedSgd',
  inputs: { weight: 'f32', gradient: 'f32', rate: 'f32', norms: 'f32' },
  outputs: { updated: 'f32' },
  code: forEachValue(`
  let norm = norms[i / param(1)];
  let most = bitcast<f32>(param(2));
  let clip = select(1.0, most / norm, norm >= most);
  updated[i] = weight[i] - gradient[i] * clip * rate[0];`),
}

const ofNoNorm = (inputs: Shapes) =>
  !('d_norm' in inputs) || "the slope of a clip's norm is none of its kernel's"

export const gpuKernels: GpuFusedKernels = {
  ClippedSgd({ inputs, outputShapes, attributes: [maxNorm], backend }) {
    const count = (inputs.length - 1) / 2
    const given = inputs.map((input) => input!)
    const outputs = outputShapes.map((shape): Output => ({ shape: shape!, dtype: 'float32' }))
    const [rows] = given[0].shape
    const sizes = given.slice(0, count).map(({ shape }) => sizeOf(shape.slice(1)))
    const [norm, scratch] = [count, count + 1]
    const gradients = sizes.map((_, i) => count + i)
    const parts = normParts(gradients, sizes, rows, { norm, scratch }, backend.mostBound)
    const updates = sizes.map((size, i): Part => ({
      kernel: update,
      inputs: [i, count + i, 2 * count, outputAsInput(norm)],
      outputs: [i],
      parameters: [rows * size, size, floatWord(maxNorm)],
      groups: groupsFor(rows * size),
    }))
    const sums: Output = { shape: [dotScratch(sizes, rows)], dtype: 'float32' }
    return backend.call(given, [...outputs, sums], [...parts, ...updates], { temporary: 1 })
  },
  ClippedSgdGrad: limited(clippedSgdGradient, ofNoNorm),
  ClippedSgdGradGrad: limited(clippedSgdSecondGradient, ofNoNorm),
}

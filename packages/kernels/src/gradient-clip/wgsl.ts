import { dotScratch, normParts } from '../engines/webgpu/dots-of-rows'
import type { Output } from '../engines/webgpu/backend'
import type { GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import {
  floatWord,
  forEachValue,
  groupsFor,
  outputAsInput,
  type GpuKernel,
  type Part,
} from '../engines/webgpu/kernel'
import { sizeOf } from '../engines/size-of'

const clip: GpuKernel = {
  name: 'GradientClip',
  inputs: { norm: 'f32' },
  outputs: { factor: 'f32' },
  code: forEachValue(`
  let most = bitcast<f32>(param(1));
  factor[i] = select(most / norm[i], 1.0, norm[i] < most);`),
}

export const gpuKernels: GpuFusedKernels = {
  GradientClip({ inputs, outputShapes, attributes: [maxNorm], backend }) {
    const given = inputs.map((input) => input!)
    const outputs = outputShapes.map((shape): Output => ({ shape: shape!, dtype: 'float32' }))
    const sizes = given.map(({ shape }) => sizeOf(shape))
    const indexes = sizes.map((_, i) => i)
    const [norm, factor, scratch] = [0, 1, 2]
    const parts = normParts(indexes, sizes, 1, { norm, scratch }, backend.mostBound)
    const factorPart: Part = {
      kernel: clip,
      inputs: [outputAsInput(norm)],
      outputs: [factor],
      parameters: [1, floatWord(maxNorm)],
      groups: groupsFor(1),
    }
    const sums: Output = { shape: [dotScratch(sizes, 1)], dtype: 'float32' }
    return backend.call(given, [...outputs, sums], [...parts, factorPart], { temporary: 1 })
  },
}

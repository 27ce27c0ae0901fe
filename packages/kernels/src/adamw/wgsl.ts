import type { Output } from '../engines/webgpu/backend'
import type { GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import {
  floatWord,
  forEachValue,
  groupsFor,
  inRanges,
  type GpuKernel,
  type Part,
} from '../engines/webgpu/kernel'
import { sizeOf } from '../engines/size-of'

const update: GpuKernel = {
  name: 'Adamw',
  inputs: { p: 'f32', g: 'f32', m: 'f32', v: 'f32', factor: 'f32' },
  outputs: { pNext: 'f32', mNext: 'f32', vNext: 'f32' },
  code: `
fn number(i: u32) -> f32 { return bitcast<f32>(param(i)); }
${forEachValue(`
  let gradient = g[i] * factor[0];
  let first = m[i] * number(2) + gradient * (1.0 - number(2));
  let second = v[i] * number(3) + gradient * gradient * (1.0 - number(3));
  let change = first / number(6) / (sqrt(second / number(7)) + number(4)) + p[i] * number(5);
  pNext[i] = p[i] - change * number(1);
  mNext[i] = first;
  vNext[i] = second;`)}`,
}

export const gpuKernels: GpuFusedKernels = {
  Adamw({ inputs, outputShapes, attributes, backend }) {
    const [learningRate, beta1, beta2, epsilon, weightDecay, step] = attributes
    const given = inputs.map((input) => input!)
    const outputs = outputShapes.map((shape): Output => ({ shape: shape!, dtype: 'float32' }))
    const size = sizeOf(given[0].shape)
    const numbers = [learningRate, beta1, beta2, epsilon, weightDecay, 1 - beta1 ** step, 1 - beta2 ** step]
    const part: Part = {
      kernel: update,
      inputs: [0, 1, 2, 3, 4],
      outputs: [0, 1, 2],
      parameters: [size, ...numbers.map(floatWord)],
      groups: groupsFor(size),
    }
    return backend.call(given, outputs, inRanges(part, backend.mostBound, [4]))
  },
}

import type { Output } from '../engines/webgpu/backend'
import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import {
  floatWord,
  forEachValue,
  groupsFor,
  inRanges,
  outputAsInput,
  type GpuKernel,
  type Part,
} from '../engines/webgpu/kernel'
import { dotScratch, normParts } from '../engines/webgpu/dots-of-rows'

const update: GpuKernel = {
  name: 'Adamw',
  inputs: { p: 'f32', g: 'f32', m: 'f32', v: 'f32', norm: 'f32' },
  outputs: { pNext: 'f32', mNext: 'f32', vNext: 'f32' },
  code: `
fn number(i: u32) -> f32 { return bitcast<f32>(param(i)); }
${forEachValue(`
  let clip = select(number(6) / norm[0], 1.0, norm[0] < number(6));
  let gradient = g[i] * clip;
  let first = m[i] * number(2) + gradient * (1.0 - number(2));
  let second = v[i] * number(3) + gradient * gradient * (1.0 - number(3));
  let change = first / number(7) / (sqrt(second / number(8)) + number(4)) + p[i] * number(5);
  pNext[i] = p[i] - change * number(1);
  mNext[i] = first;
  vNext[i] = second;`)}`,
}

export const gpuKernels: GpuFusedKernels = {
  Adamw({ inputs, outputShapes, attributes, backend }) {
    const [learningRate, beta1, beta2, epsilon, weightDecay, maxNorm, step, undecayed] = attributes
    const count = inputs.length / 4
    const given = inputs.map((input) => input!)
    const outputs = outputShapes.map((shape): Output => ({ shape: shape!, dtype: 'float32' }))
    const sizes = given.slice(0, count).map(({ shape }) => sizeOf(shape))
    const [norm, scratch] = [3 * count, 3 * count + 1]
    const gradients = sizes.map((_, i) => count + i)
    const parts = normParts(gradients, sizes, 1, { norm, scratch }, backend.mostBound)
    const updates = sizes.flatMap((size, i): Part[] => {
      const numbers = [
        learningRate,
        beta1,
        beta2,
        epsilon,
        i < count - undecayed ? weightDecay : 0,
        maxNorm,
        1 - beta1 ** step,
        1 - beta2 ** step,
      ]
      const part: Part = {
        kernel: update,
        inputs: [i, count + i, 2 * count + i, 3 * count + i, outputAsInput(norm)],
        outputs: [i, count + i, 2 * count + i],
        parameters: [size, ...numbers.map(floatWord)],
        groups: groupsFor(size),
      }
      return inRanges(part, backend.mostBound, [4])
    })
    const sums: Output = { shape: [dotScratch(sizes, 1)], dtype: 'float32' }
    return backend.call(given, [...outputs, sums], [...parts, ...updates], { temporary: 1 })
  },
}

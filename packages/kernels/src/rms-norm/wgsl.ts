import { columnSumsPart } from '../engines/webgpu/column-sums'
import {
  buffersOf,
  present,
  valuesAt,
  type GpuFusedKernel,
  type GpuFusedKernels,
} from '../engines/webgpu/fused-kernel'
import { groupTotal } from '../engines/webgpu/group-reduction'
import { floatWord, groupsFor, outputAsInput, type GpuKernel, type Part } from '../engines/webgpu/kernel'

/** Threads that share a row. */
const threads = 64

/**
 * A kernel of a group per row.
 *
 * @param sums what is summed over a row, by the names under which it is known afterwards
 * @param outputs an expression for each output at a column; that of the scale's gradient is summed over the rows then
 */
const byRows =
  (sums: Record<string, string>, outputs: Record<string, string>): GpuFusedKernel =>
  (call, family) => {
    const { key, inputNames, outputNames, inputs, ...given } = present(call, family)
    const shape = inputs[0].shape
    const width = shape[shape.length - 1]
    const rows = width === 0 ? 0 : shape.reduce((product, length) => product * length, 1) / width
    // Each row's part of a scale's gradient stands behind the outputs until it is summed.
    const scales = outputNames.filter((name) => name.endsWith('_scale'))
    const targets = outputNames.map((name, i) =>
      scales.includes(name) ? outputNames.length + scales.indexOf(name) : i,
    )
    const value = (name: string) => (name === 'scale' || name === 'd_grad_scale' ? 'k' : 'row * width + k')
    const values = family.inputs.map((name) => valuesAt([name], inputNames, value(name))).join('\n')
    const sumNames = Object.keys(sums)
    const kernel: GpuKernel = {
      name: key,
      inputs: buffersOf(inputNames),
      outputs: buffersOf(outputNames),
      reductions: groupTotal(threads),
      code: `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let row = groupOf(group, groups);
  if (row >= param(0)) { return; }
  let width = param(1);
  let n = f32(width);
${sumNames.map((name) => `  var ${name} = 0.0;`).join('\n')}
  for (var k = t; k < width; k += ${threads}u) {
${values}
${sumNames.map((name) => `    ${name} += ${sums[name]};`).join('\n')}
  }
${sumNames.map((name) => `  ${name} = total(${name}, t);`).join('\n')}
  let r = inverseSqrt(squares / n + bitcast<f32>(param(2)));
  for (var k = t; k < width; k += ${threads}u) {
${values}
${outputNames.map((name) => `    _${name}[row * width + k] = ${outputs[name]};`).join('\n')}
  }
}`,
    }
    const part: Part = {
      kernel,
      inputs: inputNames.map((_, i) => i),
      outputs: targets,
      parameters: [rows, width, floatWord(call.attributes[0])],
      groups: groupsFor(rows, 1),
    }
    const sumsOfRows = scales.map((name, s) =>
      columnSumsPart(rows, width, outputAsInput(outputNames.length + s), outputNames.indexOf(name)),
    )
    const temporary = scales.map(() => ({ shape: [rows, width], dtype: 'float32' as const }))
    return call.backend.call(inputs, [...given.outputs, ...temporary], [part, ...sumsOfRows], {
      temporary: temporary.length,
    })
  }

const squares = 'x * x'

/** With r = 1/√(mean x² + ε) and h = scale · d_y, in the gradient's gradient p = d_grad_x and q = d_grad_scale. */
export const gpuKernels: GpuFusedKernels = {
  RmsNorm: byRows({ squares }, { y: 'x * r * scale' }),
  RmsNormGrad: byRows(
    { squares, hx: 'scale * d_y * x' },
    { grad_x: 'r * scale * d_y - r * r * r * x * hx / n', grad_scale: 'd_y * x * r' },
  ),
  RmsNormGradGrad: byRows(
    {
      squares,
      hx: 'scale * d_y * x',
      px: 'd_grad_x * x',
      along: 'd_grad_x * scale * d_y + d_grad_scale * d_y * x',
    },
    {
      grad2_x:
        'r * d_grad_scale * d_y - r * r * r / n * (x * along + scale * d_y * px + hx * d_grad_x - 3.0 * r * r * hx * px * x / n)',
      grad2_scale: 'd_y * (r * d_grad_x - r * r * r * px * x / n)',
      grad2_d_y: 'scale * (r * d_grad_x - r * r * r * px * x / n) + r * d_grad_scale * x',
    },
  ),
}

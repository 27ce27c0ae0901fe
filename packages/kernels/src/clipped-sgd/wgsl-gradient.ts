import { sizeOf } from '../engines/size-of'
import type { Output } from '../engines/webgpu/backend'
import { dotParts, dotScratch } from '../engines/webgpu/dots-of-rows'
import { present, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import {
  floatWord,
  forEachValue,
  groupsFor,
  outputAsInput,
  type GpuKernel,
  type Part,
} from '../engines/webgpu/kernel'
import { fillParts } from '../engines/webgpu/stock/fill'

/** Inner products of a row, one behind the other: of g with itself, with c, of p with g and with c. */
const sums = ['gg', 'cg', 'pg', 'pc'] as const
type Sum = (typeof sums)[number]

/**
 * One value per value of a gradient, by an expression of g, of c = d_u and of p = d_grad_g, which are 0 where the call
 * lacks them, of the row's sums, of `rate` and of `f`, the clip's factor, which is 1 where `clipped` is not.
 */
function valueKernel(name: string, has: { c: boolean; p: boolean; q: boolean }, value: string): GpuKernel {
  const given = (['c', 'p', 'q'] as const).filter((each) => has[each])
  return {
    name: `ClippedSgd ${name} of ${given}`,
    inputs: {
      _g: 'f32',
      rates: 'f32',
      totals: 'f32',
      ...Object.fromEntries(given.map((each) => [`_${each}`, 'f32' as const])),
    },
    outputs: { y: 'f32' },
    code: forEachValue(`
  let row = i / param(1);
  let rows = param(2);
  let most = bitcast<f32>(param(3));
${sums.map((sum, n) => `  let ${sum} = totals[row + rows * ${n}u];`).join('\n')}
${(['c', 'p', 'q'] as const).map((each) => `  let ${each} = ${has[each] ? `_${each}[i]` : '0.0'};`).join('\n')}
  let g = _g[i];
  let rate = rates[0];
  let clipped = gg >= most * most;
  let f = select(1.0, most / sqrt(gg), clipped);
  y[i] = ${value};`),
  }
}

/** What both orders share: the tensors of each of the weights, and the sums over all of them. */
function opened(call: Parameters<GpuFusedKernel>[0], family: Parameters<GpuFusedKernel>[1]) {
  const { inputs, inputNames, outputs, outputNames } = present(call, family)
  const count = inputNames.filter((name) => /^w\d+$/.test(name)).length
  const [rows] = inputs[0].shape
  const kept = outputs.length
  const find = (name: string) => (inputNames.includes(name) ? inputNames.indexOf(name) : undefined)
  const weights = Array.from({ length: count }, (_, i) => ({
    size: sizeOf(inputs[find(`w${i}`)!].shape.slice(1)),
    g: find(`g${i}`)!,
    c: find(`d_u${i}`),
    p: find(`d_grad_g${i}`),
    q: find(`d_grad_w${i}`),
    output: (name: string) =>
      outputNames.includes(`${name}${i}`) ? outputNames.indexOf(`${name}${i}`) : undefined,
  }))
  const [totals, scratch] = [kept, kept + 1]
  const parts: Part[] = fillParts(sums.length * rows, 0, call.backend.mostBound, totals)
  const pairOf = (sum: Sum, each: (typeof weights)[number]) => {
    const [a, b] = [each[sum[0] as 'g' | 'c' | 'p'], each[sum[1] as 'g' | 'c']]
    return a === undefined || b === undefined ? [] : [{ pair: [a, b] as const, size: each.size }]
  }
  sums.forEach((sum, n) => {
    const pairs = weights.flatMap((each) => pairOf(sum, each))
    if (pairs.length > 0)
      parts.push(
        ...dotParts(
          pairs.map(({ pair }) => pair),
          pairs.map(({ size }) => size),
          rows,
          { output: totals, at: n * rows, scratch },
          call.backend.mostBound,
        ),
      )
  })
  const most = floatWord(call.attributes[0])
  return {
    weights,
    /** A kernel's values for one of the outputs. */
    fill(each: (typeof weights)[number], output: number, name: string, value: string) {
      const { size, g, c, p, q } = each
      const has = { c: c !== undefined, p: p !== undefined, q: q !== undefined }
      parts.push({
        kernel: valueKernel(name, has, value),
        inputs: [
          g,
          find('rate')!,
          outputAsInput(totals),
          ...[c, p, q].filter((input) => input !== undefined),
        ],
        outputs: [output],
        parameters: [rows * size, size, rows, most],
        groups: groupsFor(rows * size),
      })
    },
    run() {
      const more = [sums.length * rows, dotScratch(weights.map(({ size }) => size), rows)] // prettier-ignore
      const temporary = more.map((size): Output => ({ shape: [size], dtype: 'float32' }))
      return call.backend.call(inputs, [...outputs, ...temporary], parts, { temporary: 2 })
    },
  }
}

/** Along g: −rate · f · (c − g ⟨g, c⟩ / ‖g‖²), the second term where the clip holds; along w: c. */
export const clippedSgdGradient: GpuFusedKernel = (call, family) => {
  const { weights, fill, run } = opened(call, family)
  for (const each of weights) {
    const [ofG, ofW] = [each.output('grad_g'), each.output('grad_w')]
    if (ofG !== undefined) fill(each, ofG, 'along g', '-rate * f * (c - select(0.0, g * cg / gg, clipped))')
    if (ofW !== undefined) fill(each, ofW, 'along w', 'c')
  }
  return run()
}

/**
 * Of ⟨p, grad_g⟩ + ⟨q, grad_w⟩: along c it is −rate · f · (p − g ⟨p, g⟩ / ‖g‖²) + q; along g, where the clip holds,
 * rate · f / ‖g‖² · (g ⟨p, c⟩ + p ⟨g, c⟩ + c ⟨p, g⟩ − 3 g ⟨p, g⟩ ⟨g, c⟩ / ‖g‖²).
 */
export const clippedSgdSecondGradient: GpuFusedKernel = (call, family) => {
  const { weights, fill, run } = opened(call, family)
  for (const each of weights) {
    const [ofG, ofW, ofC] = [each.output('grad2_g'), each.output('grad2_w'), each.output('grad2_d_u')]
    if (ofG !== undefined)
      fill(
        each,
        ofG,
        'bend along g',
        'select(0.0, rate * f / gg * (g * pc + p * cg + c * pg - 3.0 * g * pg / gg * cg), clipped)',
      )
    if (ofC !== undefined)
      fill(each, ofC, 'bend along c', 'q - rate * f * (p - select(0.0, g * pg / gg, clipped))')
    if (ofW !== undefined) fill(each, ofW, 'bend along w', '0.0')
  }
  return run()
}

import { sizeOf } from '../engines/size-of'
import type { Output } from '../engines/webgpu/backend'
import { columnSumsPart } from '../engines/webgpu/column-sums'
import { present, type GpuFusedKernel, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { forEachValue, groupsFor, outputAsInput, type GpuKernel, type Part } from '../engines/webgpu/kernel'
import { fillParts } from '../engines/webgpu/stock/fill'
import { convolved, correlated, lastOf, spread, type Sizes } from './wgsl-parts'

/** What a call's tensors are called, in terms of its buffers. */
function opened(call: Parameters<GpuFusedKernel>[0], family: Parameters<GpuFusedKernel>[1]) {
  const { inputs, inputNames, outputs, outputNames } = present(call, family)
  const [batch, length, channels] = call.inputs[0]!.shape
  const sizes: Sizes = { batch, length, channels, taps: call.inputs[1]!.shape[1] }
  const parts: Part[] = []
  const kept = outputs.length
  const input = (name: string) => (inputNames.includes(name) ? inputNames.indexOf(name) : undefined)
  return {
    sizes,
    parts,
    silu: call.attributes[0] !== 0,
    input,
    /** Whether it is wanted. */
    output: (name: string) => (outputNames.includes(name) ? outputNames.indexOf(name) : undefined),
    extended: (x: string, state: string) => ({ x: input(x), state: input(state) }),
    /** A value for each token and channel that only passes something on. */
    temporary: () =>
      outputs.push({ shape: [batch, length, channels], dtype: 'float32' } satisfies Output) - 1,
    zeros(output: number) {
      parts.push(...fillParts(sizeOf(outputs[output].shape), 0, call.backend.mostBound, output))
    },
    run: () => call.backend.call(inputs, outputs, parts, { temporary: outputs.length - kept }),
  }
}

const forward: GpuFusedKernel = (given, family) => {
  const { sizes, parts, silu, input, extended, run } = opened(given, family)
  const inputs = extended('x', 'state')
  parts.push(convolved(sizes, [{ weight: input('weight')!, ...inputs }], input('bias'), 0, silu))
  parts.push(lastOf(sizes, inputs, 1))
  return run()
}

/** d_y times silu's derivative at z, and, where the change of z along the cotangents is given, the slopes along those. */
const slopes = (second: boolean, alongDY: boolean): GpuKernel => ({
  name: `ShortConv slopes, second ${second}, along d_y ${alongDY}`,
  inputs: { z: 'f32', dY: 'f32', ...(second && { change: 'f32' as const }) },
  outputs: {
    slope: 'f32',
    ...(second && { bend: 'f32' as const }),
    ...(alongDY && { ofDY: 'f32' as const }),
  },
  code: forEachValue(`
  let s = 1.0 / (1.0 + exp(-z[i]));
  let d = s * (1.0 + z[i] * (1.0 - s));
  let dd = s * (1.0 - s) * (2.0 + z[i] * (1.0 - 2.0 * s));
  let given = dY[i];
  slope[i] = given * d;
  ${second ? 'bend[i] = given * dd * change[i];' : ''}
  ${alongDY ? 'ofDY[i] = d * change[i];' : ''}`),
})

const gradient: GpuFusedKernel = (given, family) => {
  const { sizes, parts, silu, input, output, extended, temporary, zeros, run } = opened(given, family)
  const [weight, bias, dY] = [input('weight')!, input('bias'), input('d_y')]
  const inputs = extended('x', 'state')
  let slope = dY
  if (silu && dY !== undefined) {
    const [z, along] = [temporary(), temporary()]
    const size = sizes.batch * sizes.length * sizes.channels
    parts.push(convolved(sizes, [{ weight, ...inputs }], bias, z))
    parts.push({
      kernel: slopes(false, false),
      inputs: [outputAsInput(z), dY],
      outputs: [along],
      parameters: [size],
      groups: groupsFor(size),
    })
    slope = outputAsInput(along)
  }
  const terms = slope === undefined ? [] : [{ weight, slope }]
  for (const to of ['x', 'state'] as const) {
    const at = output(`grad_${to}`)
    if (at !== undefined) parts.push(spread(sizes, terms, input('d_lastState'), to, at))
  }
  const [ofWeight, ofBias] = [output('grad_weight'), output('grad_bias')]
  if (ofWeight !== undefined) {
    if (slope === undefined) zeros(ofWeight)
    else parts.push(correlated(sizes, [{ slope, ...inputs }], ofWeight))
  }
  if (ofBias !== undefined) {
    if (slope === undefined) zeros(ofBias)
    else parts.push(columnSumsPart(sizes.batch * sizes.length, sizes.channels, slope, ofBias))
  }
  return run()
}

/**
 * With z = bias + weight ∗ e, and h = weight ∗ d_grad_e + d_grad_weight ∗ e + d_grad_bias its change along the cotangents,
 * what is differentiated is Σ d_y silu′(z) h + ⟨d_lastState, the last of d_grad_e⟩: by h that is `slope`, by z `bend`.
 */
const secondGradient: GpuFusedKernel = (given, family) => {
  const { sizes, parts, silu, input, output, extended, temporary, zeros, run } = opened(given, family)
  const [weight, bias, dY] = [input('weight')!, input('bias'), input('d_y')]
  const ofGradWeight = input('d_grad_weight')
  const [inputs, cotangents] = [extended('x', 'state'), extended('d_grad_x', 'd_grad_state')]
  const size = sizes.batch * sizes.length * sizes.channels
  const changeTerms = [
    { weight, ...cotangents },
    ...(ofGradWeight === undefined ? [] : [{ weight: ofGradWeight, ...inputs }]),
  ]
  const ofDY = output('grad2_d_y')
  let slope = dY
  let bend: number | undefined
  if (!silu && ofDY !== undefined) parts.push(convolved(sizes, changeTerms, input('d_grad_bias'), ofDY))
  if (silu && dY !== undefined) {
    const [z, change, along, bent] = [temporary(), temporary(), temporary(), temporary()]
    parts.push(convolved(sizes, [{ weight, ...inputs }], bias, z))
    parts.push(convolved(sizes, changeTerms, input('d_grad_bias'), change))
    parts.push({
      kernel: slopes(true, ofDY !== undefined),
      inputs: [outputAsInput(z), dY, outputAsInput(change)],
      outputs: [along, bent, ...(ofDY === undefined ? [] : [ofDY])],
      parameters: [size],
      groups: groupsFor(size),
    })
    slope = outputAsInput(along)
    bend = outputAsInput(bent)
  }
  const bends = bend === undefined ? [] : [{ slope: bend }]
  const slopesOf = slope === undefined ? [] : [{ slope }]
  const spreads = [
    ...bends.map((each) => ({ ...each, weight })),
    ...(ofGradWeight === undefined ? [] : slopesOf.map((each) => ({ ...each, weight: ofGradWeight }))),
  ]
  for (const to of ['x', 'state'] as const) {
    const at = output(`grad2_${to}`)
    if (at !== undefined) parts.push(spread(sizes, spreads, undefined, to, at))
  }
  const [ofWeight, ofBias, ofLast] = ['grad2_weight', 'grad2_bias', 'grad2_d_lastState'].map(output)
  const correlations = [
    ...bends.map((each) => ({ ...each, ...inputs })),
    ...slopesOf.map((each) => ({ ...each, ...cotangents })),
  ]
  if (ofWeight !== undefined) parts.push(correlated(sizes, correlations, ofWeight))
  if (ofBias !== undefined) {
    if (bend === undefined) zeros(ofBias)
    else parts.push(columnSumsPart(sizes.batch * sizes.length, sizes.channels, bend, ofBias))
  }
  if (ofLast !== undefined) parts.push(lastOf(sizes, cotangents, ofLast))
  return run()
}

export const gpuKernels: GpuFusedKernels = {
  ShortConv: forward,
  ShortConvGrad: gradient,
  ShortConvGradGrad: secondGradient,
}

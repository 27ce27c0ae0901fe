import { stridesOf, tf } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, TensorInfo } from '../backend'
import { sizeOf } from '../../size-of'
import { largest, sum, type Combination } from '../group-reduction'
import { forEachValue, groupSize, groupsFor, type GpuKernel, type Part } from '../kernel'
import type { KernelSet } from '../kernel-set'
import { collapsed, walkCode, walkWords } from '../strides'

interface Reduction {
  start: string
  combination: Combination
}
const helpers = 'fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }'
/** NaN where there is one. */
const orNaN = (name: 'max' | 'min', ofSubgroup: string): Combination => ({
  pair: `select(${name}(a, b), a + b, isNaN(a) || isNaN(b))`,
  subgroup: `select(${ofSubgroup}(value), subgroupAdd(value), subgroupAny(isNaN(value)))`,
})
const sums: Reduction = { start: '0.0', combination: sum }
const reductions: Record<string, Reduction> = {
  Sum: sums,
  Mean: sums,
  Max: { start: '-0x1.fffffep127', combination: orNaN('max', 'subgroupMax') },
  Min: { start: '0x1.fffffep127', combination: orNaN('min', 'subgroupMin') },
}

/** From so many values on that make one, a group of threads shares the work. */
const fewestShared = 64

export function registerReductions(kernels: KernelSet): void {
  for (const [name, axisAttribute] of [
    ['Sum', 'axis'],
    ['Mean', 'axis'],
    ['Max', 'reductionIndices'],
    ['Min', 'axis'],
  ])
    kernels.register(name, ({ inputs: { x }, attributes, backend }) => {
      if (x.dtype !== 'float32') return undefined
      const axes = tf.util.parseAxisParam((attributes[axisAttribute] ?? attributes.axis) as number[], x.shape)
      return reduce(backend, name, x, axes, attributes.keepDims === true)
    })

  for (const [name, input, axis] of [
    ['Softmax', 'logits', 'dim'],
    ['LogSoftmax', 'logits', 'axis'],
  ])
    kernels.register(name, ({ inputs, attributes, backend }) => {
      const x = inputs[input]
      const width = x.shape[x.shape.length - 1]
      const last = attributes[axis] === x.shape.length - 1 || attributes[axis] === -1
      if (x.dtype !== 'float32' || !last) return undefined
      const rows = width === 0 ? 0 : sizeOf(x.shape) / width
      const part: Part = {
        kernel: softmax(name === 'LogSoftmax'),
        inputs: [0],
        outputs: [0],
        parameters: [rows, width],
        groups: groupsFor(rows, 1),
      }
      return backend.call([x], [{ shape: x.shape, dtype: 'float32' }], [part])[0]
    })

  kernels.register('Cumsum', ({ inputs: { x }, attributes, backend }) => {
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return undefined
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape)
    const length = x.shape[axis]
    const inner = sizeOf(x.shape.slice(axis + 1))
    const rows = length === 0 ? 0 : sizeOf(x.shape) / length
    const part: Part = {
      kernel: cumsum(x.dtype === 'int32' ? 'i32' : 'f32'),
      inputs: [0],
      outputs: [0],
      parameters: [rows, length, inner, attributes.exclusive ? 1 : 0, attributes.reverse ? 1 : 0],
      groups: groupsFor(rows),
    }
    return backend.call([x], [{ shape: x.shape, dtype: x.dtype }], [part])[0]
  })
}

function reduce(
  backend: GpuBackend,
  name: string,
  x: TensorInfo,
  axes: readonly number[],
  keepDims: boolean,
): TensorInfo {
  const strides = stridesOf(x.shape)
  const isReduced = (_: number, d: number) => axes.includes(d)
  const isKept = (_: number, d: number) => !axes.includes(d)
  const kept = x.shape.filter(isKept)
  const shape = keepDims ? x.shape.map((dim, d) => (axes.includes(d) ? 1 : dim)) : kept
  const outer = collapsed({ shape: kept, strides: [strides.filter(isKept)] })
  const inner = collapsed({ shape: x.shape.filter(isReduced), strides: [strides.filter(isReduced)] })
  const [size, count] = [sizeOf(shape), sizeOf(x.shape.filter(isReduced))]
  const shared = count >= fewestShared && size < 4096
  const words = walkWords(outer)
  const part: Part = {
    kernel: reduction(name, shared),
    inputs: [0],
    outputs: [0],
    parameters: [size, count, 3 + words.length, ...words, ...walkWords(inner)],
    groups: groupsFor(size, shared ? 1 : undefined),
  }
  return backend.call([x], [{ shape, dtype: 'float32' }], [part])[0]
}

function reduction(name: string, shared: boolean): GpuKernel {
  const { start, combination } = reductions[name]
  const result = name === 'Mean' ? 'total / f32(param(1))' : 'total'
  const values = (first: string, step: string) => `
  var base = 0u;
${walkCode(['base'], '3u', 'i')}
  var total = ${start};
  let inner = param(2);
  for (var k = ${first}; k < param(1); k += ${step}) {
    var at = base;
${walkCode(['at'], 'inner', 'k')}
    total = combine(total, x[at]);
  }`
  return {
    name: `${name} ${shared ? 'shared' : 'alone'}`,
    inputs: { x: 'f32' },
    outputs: { y: 'f32' },
    ...(shared && { reductions: { threads: groupSize, functions: { reduceGroup: combination } } }),
    code: `${helpers}
fn combine(a: f32, b: f32) -> f32 { return ${combination.pair}; }
${
  shared
    ? `
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = groupOf(group, groups);
  if (i >= param(0)) { return; }
${values('t', 'WG')}
  total = reduceGroup(total, t);
  if (t == 0u) { y[i] = ${result}; }
}`
    : forEachValue(`${values('0u', '1u')}\n  y[i] = ${result};`)
}`,
  }
}

const softmax = (log: boolean): GpuKernel => ({
  name: log ? 'LogSoftmax' : 'Softmax',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  reductions: { threads: groupSize, functions: { total: sum, largest } },
  code: `
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let row = groupOf(group, groups);
  if (row >= param(0)) { return; }
  let width = param(1);
  let start = row * width;
  var own = -0x1.fffffep127;
  for (var k = t; k < width; k += WG) { own = max(own, x[start + k]); }
  let most = largest(own, t);
  own = 0.0;
  for (var k = t; k < width; k += WG) { own += exp(x[start + k] - most); }
  let all = total(own, t);
  for (var k = t; k < width; k += WG) {
    let difference = x[start + k] - most;
    y[start + k] = ${log ? 'difference - log(all)' : 'exp(difference) / all'};
  }
}`,
})

const cumsum = (element: 'f32' | 'i32'): GpuKernel => ({
  name: `Cumsum ${element}`,
  inputs: { x: element },
  outputs: { y: element },
  code: forEachValue(`
  let length = param(1);
  let inner = param(2);
  let start = (i / inner) * length * inner + i % inner;
  var total = ${element}(0);
  for (var k = 0u; k < length; k++) {
    let at = start + select(k, length - 1u - k, param(4) != 0u) * inner;
    let next = total + x[at];
    y[at] = select(next, total, param(3) != 0u);
    total = next;
  }`),
})

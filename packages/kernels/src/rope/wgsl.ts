import type { GpuBackend, TensorInfo } from '../engines/webgpu/backend'
import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernel, GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { forEachValue, groupsFor, type GpuKernel, type Part } from '../engines/webgpu/kernel'
import { fillParts } from '../engines/webgpu/stock/fill'
import { base, turnTables } from './reference'
import type { RopeRamp } from './scaling'

/** A place's turn is the product of those of its three digits, whose cosines and sines stand in the tables. */
const turn: GpuKernel = {
  name: 'Rope',
  inputs: { x: 'f32', position: 'i32', tables: 'f32' },
  outputs: { y: 'f32' },
  code: `
const BASE = ${base}u;
fn turnOf(digit: u32, table: u32, pair: u32, pairs: u32) -> vec2f {
  let at = ((table * BASE + digit) * pairs + pair) * 2u;
  return vec2f(tables[at], tables[at + 1u]);
}
fn both(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.y * b.x + a.x * b.y); }
${forEachValue(`
  let pairs = param(1);
  let pair = i % pairs;
  let token = i / (pairs * param(2));
  var place = u32(position[token / param(3)]) + token % param(3);
  if (param(4) != 0u) { place = place % param(4); }
  let first = turnOf(place % BASE, 0u, pair, pairs);
  let second = turnOf(place / BASE % BASE, 1u, pair, pairs);
  let third = turnOf(place / (BASE * BASE), 2u, pair, pairs);
  var turned = both(both(first, second), third);
  turned.y = select(turned.y, -turned.y, param(5) != 0u);
  let value = both(vec2f(x[2u * i], x[2u * i + 1u]), turned);
  y[2u * i] = value.x;
  y[2u * i + 1u] = value.y;`)}`,
}

function tablesFor(backend: GpuBackend, theta: number, width: number, ramp: RopeRamp): TensorInfo {
  const values = () => {
    const all = new Float32Array(3 * base * width)
    for (const [u, unit] of [1, base, base * base].entries()) {
      const [cos, sin] = turnTables(theta, width, unit, ramp)
      cos.forEach((value, i) => {
        all[(u * cos.length + i) * 2] = value
        all[(u * cos.length + i) * 2 + 1] = sin[i]
      })
    }
    return all
  }
  return backend.constant(
    `Rope ${theta} ${width} ${Object.values(ramp).join(' ')}`,
    [3, base, width / 2, 2],
    values,
  )
}

/** x turned, or turned back. */
const turned = (
  {
    attributes: [theta, period, factor, byPair, low, high, magnitude],
    backend,
  }: Parameters<GpuFusedKernel>[0],
  x: TensorInfo,
  position: TensorInfo,
  back: boolean,
): TensorInfo => {
  const [, length, heads, width] = x.shape
  const pairs = width / 2
  const size = sizeOf(x.shape) / 2
  const part: Part = {
    kernel: turn,
    inputs: [0, 1, 2],
    outputs: [0],
    parameters: [size, pairs, heads, length, period, back ? 1 : 0],
    groups: groupsFor(size),
  }
  const tables = tablesFor(backend, theta, width, { factor, byPair, low, high, magnitude })
  const inputs = [x, position, tables]
  return backend.call(inputs, [{ shape: x.shape, dtype: 'float32' }], [part])[0]
}

const zeros = (backend: GpuBackend, shape: number[]): TensorInfo =>
  backend.call([], [{ shape, dtype: 'float32' }], fillParts(sizeOf(shape), 0, backend.mostBound))[0]

/** The gradient turns back, and as the turn is linear, its own gradient turns forward again. */
export const gpuKernels: GpuFusedKernels = {
  Rope: (call) => [turned(call, call.inputs[0]!, call.inputs[1]!, false)],
  RopeGrad(call) {
    const [x, position, dy] = call.inputs
    return [dy ? turned(call, dy, position!, true) : zeros(call.backend, x!.shape)]
  },
  RopeGradGrad(call) {
    const [x, position, , back] = call.inputs
    const [first, second] = call.outputShapes
    return [
      ...(first ? [zeros(call.backend, x!.shape)] : []),
      ...(second ? [back ? turned(call, back, position!, false) : zeros(call.backend, x!.shape)] : []),
    ]
  },
}

import { broadcastStrides, tf } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, TensorInfo } from '../backend'
import { sizeOf } from '../../size-of'
import type { GpuType } from '../data'
import { floatWord, forEachValue, groupsFor, inRanges, type Element, type GpuKernel } from '../kernel'
import type { KernelSet } from '../kernel-set'
import { collapsed, walkCode, walkWords } from '../strides'

const arithmetic: Record<string, string> = {
  Add: 'a + b',
  Sub: 'a - b',
  Multiply: 'a * b',
  Maximum: 'select(max(a, b), a + b, isNaN(a) || isNaN(b))',
  Minimum: 'select(min(a, b), a + b, isNaN(a) || isNaN(b))',
  SquaredDifference: '(a - b) * (a - b)',
  Mod: 'flooredMod(a, b)',
}
const floatOnly: Record<string, string> = { RealDiv: 'a / b', Pow: 'power(a, b)' }
const integerOnly: Record<string, string> = { FloorDiv: 'flooredQuotient(a, b)' }
const comparisons: Record<string, string> = {
  Greater: 'a > b',
  GreaterEqual: 'a >= b',
  Less: 'a < b',
  LessEqual: 'a <= b',
  Equal: 'a == b',
  NotEqual: 'a != b',
}
const logical: Record<string, string> = { LogicalAnd: 'a & b', LogicalOr: 'a | b' }
const unary: Record<string, string> = {
  Neg: '-x',
  Square: 'x * x',
  Sqrt: 'sqrt(x)',
  Rsqrt: 'inverseSqrt(x)',
  Exp: 'exp(x)',
  Log: 'log(x)',
  Sigmoid: '1.0 / (1.0 + exp(-x))',
  // Past 15 it is ±1 in f32; exp of more would overflow.
  Tanh: 'tanh(clamp(x, -15.0, 15.0))',
  Softplus: 'max(x, 0.0) + log(1.0 + exp(-abs(x)))',
  Relu: 'select(max(x, 0.0), x, isNaN(x))',
  Abs: 'abs(x)',
  Reciprocal: '1.0 / x',
  Floor: 'floor(x)',
  Round: 'round(x)',
  // The language's own may be off by 2⁻¹¹.
  Cos: 'sineOf(x, 1)',
  Sin: 'sineOf(x, 0)',
  Sign: 'sign(x)',
}

/** Comparisons with itself may be taken away by a compiler that knows of no NaN. */
const helpers: Record<'f32' | 'i32', string> = {
  f32: `
fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn flooredMod(a: f32, b: f32) -> f32 { let r = a - b * trunc(a / b); return select(r, r + b, r != 0.0 && (r < 0.0) != (b < 0.0)); }
// The sine of x and so many quarters of a turn, by its distance from the nearest quarter: π/2 in three parts.
fn sineOf(x: f32, quarters: i32) -> f32 {
  let k = round(x * 0.636619772);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549789948768648e-8;
  let s = r * r;
  let sine = r + r * s * (-0.16666667 + s * (8.3333333e-3 + s * (-1.9841270e-4 + s * 2.7557319e-6)));
  let cosine = 1.0 - 0.5 * s + s * s * (4.1666668e-2 + s * (-1.3888889e-3 + s * 2.4801587e-5));
  let quarter = (i32(k) + quarters) & 3;
  let value = select(sine, cosine, (quarter & 1) == 1);
  return select(value, -value, quarter >= 2);
}
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (a >= 0.0) { return pow(a, b); }
  let size = pow(-a, b);
  if (b != trunc(b)) { return bitcast<f32>(0x7fc00000u | (param(0u) & 0u)); }
  return select(size, -size, abs(b) % 2.0 == 1.0);
}`,
  i32: `
fn isNaN(x: i32) -> bool { return false; }
fn flooredMod(a: i32, b: i32) -> i32 { let r = a % b; return select(r, r + b, r != 0 && (r < 0) != (b < 0)); }
fn flooredQuotient(a: i32, b: i32) -> i32 { let q = a / b; return select(q, q - 1, a % b != 0 && (a < 0) != (b < 0)); }`,
}

const elementOf: Record<GpuType, Element> = { float32: 'f32', int32: 'i32', bool: 'i32' }

export function registerElementwise(kernels: KernelSet): void {
  const binary = (table: Record<string, string>, types: readonly GpuType[], result?: GpuType) => {
    for (const [name, expression] of Object.entries(table))
      kernels.register(name, ({ inputs: { a, b }, backend }) => {
        const type = types.find((each) => each === a.dtype)
        if (type === undefined || b.dtype !== a.dtype) return undefined
        return applyBinary(backend, name, expression, [a, b], type, result ?? type)
      })
  }
  binary(arithmetic, ['float32', 'int32'])
  binary(floatOnly, ['float32'])
  binary(integerOnly, ['int32'])
  binary(comparisons, ['float32', 'int32', 'bool'], 'bool')
  binary(logical, ['bool'], 'bool')

  for (const [name, expression] of Object.entries(unary))
    kernels.register(name, ({ inputs: { x }, backend }) =>
      x.dtype === 'float32' ? applyUnary(backend, name, expression, x, 'float32', 'float32') : undefined,
    )
  kernels.register('LogicalNot', ({ inputs: { x }, backend }) =>
    applyUnary(backend, 'LogicalNot', '1 - x', x, 'bool', 'bool'),
  )
  kernels.register('Step', ({ inputs: { x }, attributes, backend }) =>
    x.dtype === 'float32'
      ? applyUnary(
          backend,
          'Step',
          'select(select(bitcast<f32>(param(1)), 1.0, x > 0.0), x, isNaN(x))',
          x,
          'float32',
          'float32',
          [floatWord(attributes.alpha as number)],
        )
      : undefined,
  )

  kernels.register('AddN', ({ inputs, backend }) => {
    const all = Object.values(inputs)
    if (!all.every((x) => x.dtype === 'float32')) return undefined
    let sum = all[0]
    for (const next of all.slice(1)) {
      const before = sum
      sum = applyBinary(backend, 'Add', arithmetic.Add, [before, next], 'float32', 'float32')
      if (before !== all[0]) backend.disposeData(before.dataId)
    }
    return sum === all[0] ? backend.share(sum, sum.shape, sum.dtype) : sum
  })

  kernels.register('Select', ({ inputs: { condition, t, e }, backend }) => {
    const isWord = t.dtype === 'float32' || t.dtype === 'int32' || t.dtype === 'bool'
    if (condition.dtype !== 'bool' || t.dtype !== e.dtype || !isWord) return undefined
    const size = sizeOf(t.shape)
    // A condition of one dimension chooses rows.
    const row = condition.shape.length === t.shape.length ? 1 : size / Math.max(1, sizeOf(condition.shape))
    const part = {
      kernel: select,
      inputs: [0, 1, 2],
      outputs: [0],
      parameters: [size, Math.max(1, row)],
      groups: groupsFor(size),
    }
    return backend.call([condition, t, e], [{ shape: t.shape, dtype: t.dtype as GpuType }], [part])[0]
  })
}

const select: GpuKernel = {
  name: 'Select',
  inputs: { condition: 'u32', t: 'u32', e: 'u32' },
  outputs: { y: 'u32' },
  code: forEachValue('  y[i] = select(e[i], t[i], condition[i / param(1)] != 0u);'),
}

/** One input, by `expression` of x; `more` are parameters from the first on. */
export function applyUnary(
  backend: GpuBackend,
  name: string,
  expression: string,
  x: TensorInfo,
  from: GpuType,
  to: GpuType,
  more: readonly number[] = [],
): TensorInfo {
  const element = elementOf[from]
  const kernel: GpuKernel = {
    name,
    inputs: { input: element },
    outputs: { y: elementOf[to] },
    code: `${helpers[element as 'f32']}${forEachValue(`  let x = input[i];\n  y[i] = ${expression};`)}`,
  }
  const size = sizeOf(x.shape)
  const part = { kernel, inputs: [0], outputs: [0], parameters: [size, ...more], groups: groupsFor(size) }
  return backend.call([x], [{ shape: x.shape, dtype: to }], inRanges(part, backend.mostBound))[0]
}

function applyBinary(
  backend: GpuBackend,
  name: string,
  expression: string,
  [a, b]: readonly [TensorInfo, TensorInfo],
  from: GpuType,
  to: GpuType,
): TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
  const size = sizeOf(shape)
  const walk = collapsed({
    shape,
    strides: [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)],
  })
  const flat = walk.shape.length === 1 && walk.strides.every(([stride]) => stride === 1)
  const element = elementOf[from]
  const result = to === 'bool' && from !== 'bool' ? `select(0, 1, ${expression})` : expression
  const value =
    to === 'bool' && from === 'bool' && !/[&|]/.test(expression) ? `select(0, 1, ${expression})` : result
  const places = flat
    ? '  let ia = i;\n  let ib = i;'
    : `  var ia = 0u;\n  var ib = 0u;${walkCode(['ia', 'ib'], '1u', 'i')}`
  const kernel: GpuKernel = {
    name: `${name} ${element} ${flat ? 'flat' : 'strided'}`,
    inputs: { left: element, right: element },
    outputs: { y: elementOf[to] },
    code: `${helpers[element as 'f32']}${forEachValue(
      `${places}\n  let a = left[ia];\n  let b = right[ib];\n  y[i] = ${value};`,
    )}`,
  }
  const part = {
    kernel,
    inputs: [0, 1],
    outputs: [0],
    parameters: flat ? [size] : [size, ...walkWords(walk)],
    groups: groupsFor(size),
  }
  const isSum = name === 'Add' && flat && from === 'float32'
  const parts = flat ? inRanges(part, backend.mostBound) : [part]
  return backend.call([a, b], [{ shape, dtype: to }], parts, { isSum: isSum && parts.length === 1 })[0]
}

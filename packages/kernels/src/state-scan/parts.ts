import { forEachValue, groupsFor, type GpuKernel, type Part, type PartBuffer } from '../engines/webgpu/kernel'
import type { StateScan, StartGradient, TokenGradient } from './scan'
import {
  columnsOf,
  floats,
  parametersOf,
  placesCode,
  placesKey,
  rowPlaces,
  sizesCode,
  stateValues,
  tilesOf,
  unitsOf,
  type ScanSizes,
} from './sizes'

/** Where a call's buffers are, by the inputs' names. */
export type Find = (name: string) => PartBuffer

const exponential = `
fn decayOf(log: f32) -> f32 { if (log < -104.0) { return 0.0; } return exp(log); }`

const buffers = (names: readonly string[]) => names.map((name) => `_${name}`)

function part(
  kernel: GpuKernel,
  inputs: readonly PartBuffer[],
  output: number,
  size: number,
  sizes: ScanSizes,
  first = 0,
  count = 0,
): Part {
  return { kernel, inputs, outputs: [output], parameters: parametersOf(size, first, count, sizes), groups: groupsFor(size) } // prettier-ignore
}

/** Gathers what `count` tokens from `first` on tell each head. */
export function rowsPart(
  scan: StateScan,
  sizes: ScanSizes,
  find: Find,
  output: number,
  first: number,
  count: number,
): Part {
  // prettier-ignore
  const { inputs, log, query, key, erase, scale = '1.0', write = '1.0', own = '1.0', skip = '0.0' } = scan.rows
  const kernel: GpuKernel = {
    name: `${scan.name}, rows, ${placesKey(sizes, scan)}`,
    inputs: floats(buffers(inputs)),
    outputs: floats(['rows']),
    code: `${placesCode(sizes, scan)}
${exponential}
${forEachValue(`
${sizesCode}
  let i0 = i;
  {
    let i = i0 % depth;
    let h = i0 / depth % heads;
    let b = i0 / depth / heads % batch;
    let token = first + i0 / depth / heads / batch;
    let at = i0 / depth * row_all;
    rows[at + i] = decayOf(${log});
    ${erase === undefined ? '' : `rows[at + row_erase + i] = ${erase};`}
    for (var r = 0u; r < ranks; r++) {
      rows[at + row_query + r * depth + i] = ${query};
      rows[at + row_key + r * depth + i] = ${key};
    }
    if (i == 0u) {
      rows[at + row_scale] = ${scale};
      rows[at + row_write] = ${write};
      rows[at + row_own] = ${own};
      rows[at + row_skip] = ${skip};
    }
  }`)}`,
  }
  return part(kernel, inputs.map(find), output, count * unitsOf(sizes) * sizes.depth, sizes, first, count)
}

/** One input's gradient at `count` tokens from `first` on, of the slopes of their rows. */
export function gradientPart(
  scan: StateScan,
  sizes: ScanSizes,
  name: string,
  gradient: TokenGradient,
  find: Find,
  slopes: PartBuffer,
  output: number,
  first: number,
  count: number,
): Part {
  const { heads, ranks = false, channels = false, inputs = [], term, functions = '' } = gradient
  const kernel: GpuKernel = {
    name: `${scan.name}, gradient of ${name}, ${placesKey(sizes, scan)}`,
    inputs: floats(['slopes', ...buffers(inputs)]),
    outputs: floats(['y']),
    code: `${placesCode(sizes, scan)}
const tiles = ${tilesOf(sizes)}u;
var<private> at: u32;
fn of_(place: u32) -> f32 {
  var sum = 0.0;
  for (var tile = 0u; tile < tiles; tile++) { sum += slopes[at + tile * slope_all + place]; }
  return sum;
}
fn ofAll(place: u32) -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < param(6); j++) { sum += of_(place + j); }
  return sum;
}
${functions}
${forEachValue(`
${sizesCode}
  let places = ${channels ? 'depth' : '1u'};
  let own = ${heads};
  let each = heads / own;
  let i0 = i;
  {
    let i = i0 % places;
    let head = i0 / places % own;
    let r = i0 / places / own % ${ranks ? 'ranks' : '1u'};
    let row = i0 / places / own / ${ranks ? 'ranks' : '1u'};
    let b = row / count;
    let token = first + row % count;
    var sum = 0.0;
    for (var h = head * each; h < (head + 1u) * each; h++) {
      at = ((row % count * batch + b) * heads + h) * tiles * slope_all;
      sum += ${term};
    }
    y[(((b * length + token) * ${ranks ? 'ranks' : '1u'} + r) * own + head) * places + i] = sum;
  }`)}`,
  }
  const size = count * sizes.batch * sizes[heads] * (ranks ? sizes.ranks : 1) * (channels ? sizes.depth : 1)
  return part(kernel, [slopes, ...inputs.map(find)], output, size, sizes, first, count)
}

/** Where a state's value stands in an op's tensor. */
const opState = (byValue: boolean) =>
  byValue ? '(unit * width + c) * depth + i' : '(unit * depth + i) * width + c'

/** An op's state, laid out in tiles. @param state undefined where it is zeros */
export function spreadPart(
  scan: StateScan,
  sizes: ScanSizes,
  state: PartBuffer | undefined,
  output: number,
  find?: Find,
): Part {
  // prettier-ignore
  const start = find && scan.start
  const names = [...(state === undefined ? [] : ['given']), ...buffers(start?.inputs ?? [])]
  const kernel: GpuKernel = {
    name: `state in tiles, by value ${scan.byValue}, from ${names}, ${columnsOf(sizes.depth)}`,
    inputs: floats(names),
    outputs: floats(['y']),
    code: forEachValue(`
${sizesCode}
  let tiles = ${tilesOf(sizes)}u;
  let i0 = i;
  {
    let i = i0 % depth;
    let c = i0 / depth % (tiles * ${columnsOf(sizes.depth)}u);
    let unit = i0 / depth / (tiles * ${columnsOf(sizes.depth)}u);
    let b = unit / heads;
    let h = unit % heads;
    var sum = 0.0;
    if (c < width) {
      sum = ${state === undefined ? '0.0' : `given[${opState(scan.byValue)}]`};
      ${start?.term ?? ''}
    }
    y[i0] = sum;
  }`),
  }
  const inputs = [
    ...(state === undefined ? [] : [state]),
    ...(start?.inputs ?? []).map((name) => find!(name)),
  ]
  return part({ ...kernel, name: `${kernel.name} ${tilesOf(sizes)}` }, inputs, output, stateValues(sizes), sizes) // prettier-ignore
}

const slopeAt = (sizes: ScanSizes) => `
fn slopeAt(unit: u32, i: u32, c: u32) -> f32 {
  return given[(unit * ${tilesOf(sizes) * columnsOf(sizes.depth)}u + c) * param(6) + i];
}`

/** The way back: the op's state of the tiles. */
export function gatherPart(scan: StateScan, sizes: ScanSizes, tiles: PartBuffer, output: number): Part {
  const [outer, inner] = scan.byValue ? ['width', 'depth'] : ['depth', 'width']
  const kernel: GpuKernel = {
    name: `state of tiles, by value ${scan.byValue}, ${tilesOf(sizes) * columnsOf(sizes.depth)}`,
    inputs: floats(['given']),
    outputs: floats(['y']),
    code: `${slopeAt(sizes)}
${forEachValue(`
${sizesCode}
  let inner = i % ${inner};
  let outer = i / ${inner} % ${outer};
  let unit = i / depth / width;
  y[i] = slopeAt(unit, ${scan.byValue ? 'inner, outer' : 'outer, inner'});`)}`,
  }
  return part(kernel, [tiles], output, unitsOf(sizes) * sizes.depth * sizes.width, sizes)
}

/** The gradient of an input that the state starts with. */
export function startGradientPart(
  scan: StateScan,
  sizes: ScanSizes,
  name: string,
  { inputs, body }: StartGradient,
  find: Find,
  tiles: PartBuffer,
  output: number,
  size: number,
): Part {
  const kernel: GpuKernel = {
    name: `${scan.name}, gradient of ${name}, ${tilesOf(sizes) * columnsOf(sizes.depth)}`,
    inputs: floats(['given', ...buffers(inputs)]),
    outputs: floats(['y']),
    code: `${slopeAt(sizes)}
${forEachValue(`
${sizesCode}
  let n = i;
  var sum = 0.0;
  {
${body}
  }
  y[n] = sum;`)}`,
  }
  return part(kernel, [tiles, ...inputs.map(find)], output, size, sizes)
}

/** Values of what `count` tokens tell. */
export const rowValues = (scan: StateScan, sizes: ScanSizes, count: number): number =>
  Math.max(1, count * unitsOf(sizes) * rowPlaces(sizes, scan).all)

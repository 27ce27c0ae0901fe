import { sizeOf } from '../engines/size-of'
import { present, type GpuFusedKernel, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { forEachValue, groupsFor, type Element, type GpuKernel, type Part } from '../engines/webgpu/kernel'
import { fillParts } from '../engines/webgpu/stock/fill'

/** What kernels know of a value's place: its number `s` in its sequence `b`, and the column; slots and tokens there are. */
const places = (count: string) => `
  let capacity = i32(param(1));
  let length = i32(param(2));
  let width = param(3);
  let column = i % width;
  let s = i32(i / width % u32(${count}));
  let b = i / width / u32(${count});
  let before = position[b];
  let filled = min(before, capacity);`

const at = (name: string, count: string, place: string) =>
  `${name}[(b * u32(${count}) + u32(${place})) * width + column]`

/** The last token that goes to slot s, below 0 where none does. */
const lastToken = `
  let token = length - 1 - (before % capacity + length - 1 + capacity - s) % capacity;`

/**
 * A kernel that fetches each value from somewhere. A source that is not there has zeros.
 *
 * @param size of what is made: what counts places, e.g. `capacity`
 * @param value expressions of what is fetched from the sources, by their names
 */
interface Fetch {
  count: string
  before: string
  sources: Readonly<Record<string, string>>
  /** An expression of the sources' names. */
  value: string
}

const written = (cache: string, rows: string): Fetch => ({
  count: 'capacity',
  before: lastToken,
  sources: { [cache]: at(cache, 'capacity', 's'), [rows]: at(rows, 'length', 'max(token, 0)') },
  value: `select(${cache}Value, ${rows}Value, token >= 0)`,
})

const joined = (cache: string, rows: string): Fetch => ({
  count: '(capacity + length)',
  before: `
  let slot = (before - filled + s) % capacity;
  let token = s - filled;`,
  sources: {
    [cache]: at(cache, 'capacity', 'slot'),
    [rows]: at(rows, 'length', 'clamp(token, 0, max(length - 1, 0))'),
  },
  value: `select(select(0.0, ${rows}Value, token < length), ${cache}Value, s < filled)`,
})

const fetches: Record<string, Readonly<Record<string, Fetch | undefined>>> = {
  RingWrite: { written: written('cache', 'rows') },
  RingWriteGrad: {
    grad_cache: {
      count: 'capacity',
      before: lastToken,
      sources: { d_written: at('d_written', 'capacity', 's') },
      value: 'select(d_writtenValue, 0.0, token >= 0)',
    },
    grad_rows: {
      count: 'length',
      before: '\n  let slot = (before % capacity + s) % capacity;',
      sources: { d_written: at('d_written', 'capacity', 'slot') },
      value: 'select(0.0, d_writtenValue, s + capacity >= length)',
    },
  },
  RingWriteGradGrad: { grad2_d_written: written('d_grad_cache', 'd_grad_rows') },
  RingJoin: { joined: joined('cache', 'rows') },
  RingJoinGrad: {
    grad_cache: {
      count: 'capacity',
      before: '\n  let place = (s + capacity - (before - filled) % capacity) % capacity;',
      sources: { d_joined: at('d_joined', '(capacity + length)', 'place') },
      value: 'select(0.0, d_joinedValue, place < filled)',
    },
    grad_rows: {
      count: 'length',
      before: '',
      sources: { d_joined: at('d_joined', '(capacity + length)', 'filled + s') },
      value: 'd_joinedValue',
    },
  },
  RingJoinGradGrad: { grad2_d_joined: joined('d_grad_cache', 'd_grad_rows') },
}

const fetched: GpuFusedKernel = (call, family) => {
  const { inputs, inputNames, outputs, outputNames } = present(call, family)
  const [cache, rows] = [call.inputs[0]!.shape, call.inputs[1]!.shape]
  const parts = outputNames.flatMap((name, output): Part[] => {
    const fetch = fetches[family.name][name]
    const size = sizeOf(outputs[output].shape)
    const sources = Object.keys(fetch?.sources ?? {}).filter((source) => inputNames.includes(source))
    if (!fetch || sources.length === 0) return fillParts(size, 0, call.backend.mostBound, output)
    return [
      {
        kernel: fetchKernel(`${family.name} ${name}`, fetch, sources),
        inputs: [inputNames.indexOf('position'), ...sources.map((source) => inputNames.indexOf(source))],
        outputs: [output],
        parameters: [size, cache[1], rows[1], cache[2] * cache[3]],
        groups: groupsFor(size),
      },
    ]
  })
  return call.backend.call(inputs, outputs, parts)
}

function fetchKernel(
  name: string,
  { count, before, sources, value }: Fetch,
  given: readonly string[],
): GpuKernel {
  const values = Object.entries(sources).map(
    ([source, from]) => `  let ${source}Value = ${given.includes(source) ? from : '0.0'};`,
  )
  return {
    name: `${name} of ${given}`,
    inputs: {
      position: 'i32',
      ...Object.fromEntries(given.map((source): [string, Element] => [source, 'f32'])),
    },
    outputs: { y: 'f32' },
    code: forEachValue([places(count), before, ...values, `  y[i] = ${value};`].join('\n')),
  }
}

/** Both ops move values, so that their gradients do too; along the ring and the rows those are zero. */
export const gpuKernels: GpuFusedKernels = Object.fromEntries(
  Object.keys(fetches).map((name) => [name, fetched]),
)

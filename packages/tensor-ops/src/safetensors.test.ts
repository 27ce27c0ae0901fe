import { describe, expect, it } from 'vitest'
import { decodeSafetensors, encodeSafetensors, type PlainTensors } from './index'

const tensors: PlainTensors = {
  weights: { shape: [2, 2], values: Float32Array.of(1, -2, 3.5, 0) },
  ids: { shape: [3], values: Int32Array.of(1, 2, -3) },
  mask: { shape: [1, 2], values: Uint8Array.of(0, 1) },
  scalar: { shape: [], values: Float32Array.of(7) },
}

/** A file with any header over the given data. */
function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

it('reads what it wrote, metadata too', () => {
  const { tensors: read, metadata } = decodeSafetensors(encodeSafetensors(tensors, { note: 'ü' }))
  expect(read).toEqual(tensors)
  expect(metadata).toEqual({ note: 'ü' })
})

it('takes any name for a name, in tensors and in metadata', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', '']
  const all: PlainTensors = Object.fromEntries(
    names.map((name, i) => [name, { shape: [1], values: Float32Array.of(i) }]),
  )
  const notes: Record<string, string> = Object.fromEntries(names.map((name) => [name, `of ${name}`]))
  const { tensors: read, metadata } = decodeSafetensors(encodeSafetensors(all, notes))
  expect(Object.entries(read)).toEqual(Object.entries(all))
  expect(Object.entries(metadata)).toEqual(Object.entries(notes))
})

it('reads from a view into a larger buffer', () => {
  const bytes = encodeSafetensors(tensors)
  const larger = new Uint8Array(bytes.length + 3)
  larger.set(bytes, 3)
  expect(decodeSafetensors(larger.subarray(3)).tensors).toEqual(tensors)
})

it('rounds F64 and widens BF16', () => {
  const doubles = new Uint8Array(Float64Array.of(0.1).buffer)
  const halves = new Uint8Array(Uint16Array.of(0x3f80, 0xc040).buffer)
  const data = new Uint8Array([...doubles, ...halves])
  const { tensors: read } = decodeSafetensors(
    file(
      {
        a: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
        b: { dtype: 'BF16', shape: [2], data_offsets: [8, 12] },
      },
      data,
    ),
  )
  expect(read.a.values).toEqual(Float32Array.of(0.1))
  expect(read.b.values).toEqual(Float32Array.of(1, -3))
})

describe('refuses', () => {
  const entry = (over: object) => ({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...over } })
  it.each([
    ['a file that is too short', new Uint8Array(3), 'at least 8 bytes'],
    [
      'a header longer than the file',
      new Uint8Array([255, 0, 0, 0, 0, 0, 0, 0, 123]),
      'its header claims 255 bytes',
    ],
    ['a header that is no JSON', file('{x'), 'not a JSON object'],
    ['a header that is a list', file([]), 'not a JSON object'],
    ['an unknown type', file(entry({ dtype: 'F8' }), new Uint8Array(8)), `'x' has type "F8"; known: F32`],
    [
      'a type that is a name of every object',
      file(entry({ dtype: 'toString' }), new Uint8Array(8)),
      `'x' has type "toString"`,
    ],
    ['a negative shape', file(entry({ shape: [-2] }), new Uint8Array(8)), "'x' has no valid shape"],
    [
      'offsets that do not fit the shape',
      file(entry({ data_offsets: [0, 4] }), new Uint8Array(8)),
      'needs 8 bytes, its offsets give 4',
    ],
    ['offsets beyond the data', file(entry({}), new Uint8Array(4)), 'ends at byte 8'],
    ['a missing entry', file({ x: null }), "'x' has type undefined"],
    [
      'overlapping tensors',
      file({ ...entry({}), y: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, new Uint8Array(8)),
      "'y' overlaps the tensor before it",
    ],
    [
      'a gap before a tensor',
      file(entry({ data_offsets: [4, 12] }), new Uint8Array(12)),
      "4 unused bytes before 'x'",
    ],
    [
      'bytes after the last tensor',
      file(entry({}), new Uint8Array(9)),
      '1 unused bytes after the last tensor',
    ],
    ['a header that begins with a space', file(' {}'), 'its header begins with white space'],
    [
      'a tensor of the same name twice',
      file(
        '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0078":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        new Uint8Array(2),
      ),
      "its header has the key 'x' twice",
    ],
    [
      'a key of an entry twice',
      file('{"x":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', new Uint8Array(1)),
      "its header has the key 'dtype' twice",
    ],
    [
      'a hole between tensors',
      file(
        {
          a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
          b: { dtype: 'U8', shape: [1], data_offsets: [3, 4] },
        },
        new Uint8Array(4),
      ),
      "there are 2 unused bytes before 'b'",
    ],
    [
      'a PyTorch checkpoint',
      new TextEncoder().encode('PK\u0003\u0004archive/data.pkl'),
      'it is a PyTorch checkpoint',
    ],
    [
      'an old PyTorch checkpoint',
      Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46),
      'it is a Python pickle',
    ],
    ['a web page', new TextEncoder().encode('<!DOCTYPE html><html>'), 'it is a web page'],
    ['a Git LFS pointer', new TextEncoder().encode('version https://git-lfs'), 'it is a Git LFS pointer'],
    ['a GGUF file', new TextEncoder().encode('GGUF\u0003\0\0\0'), 'it is a GGUF file'],
    ['compressed', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0), 'it is gzip data'],
    [
      'an answer in JSON',
      new TextEncoder().encode('{"error":"not found"}'),
      'it is JSON, not a safetensors file',
    ],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), 'its __metadata__ is not an object of strings'],
    ['metadata that is a text', file({ __metadata__: 'pt' }), 'its __metadata__ is not an object of strings'],
    ['a header of nothing', file(''), 'not a JSON object'],
    [
      'a header as long as numbers go',
      Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 123, 125),
      'its header claims 9223372036854775807 bytes, the file has 2 after its length',
    ],
    ['a header of bytes that are no text', file('{"\ud800"'), 'not a JSON object'],
    ['a number for an entry', file({ x: 7 }), "'x' has type undefined"],
    ['no shape', file(entry({ shape: undefined }), new Uint8Array(8)), "'x' has no valid shape"],
    ['a shape of broken numbers', file(entry({ shape: [1.5] }), new Uint8Array(8)), "'x' has no valid shape"],
    [
      'a shape beyond memory',
      file(entry({ shape: [2 ** 31, 2 ** 31] }), new Uint8Array(8)),
      "'x' [2147483648, 2147483648] F32 needs 18446744073709552000 bytes, its offsets give 8",
    ],
    [
      'no offsets',
      file(entry({ data_offsets: undefined }), new Uint8Array(8)),
      "'x' has no valid data_offsets",
    ],
    [
      'offsets that are turned round',
      file(entry({ data_offsets: [8, 0] }), new Uint8Array(8)),
      "'x' [2] F32 needs 8 bytes, its offsets give -8",
    ],
    [
      'offsets before the data',
      file(entry({ data_offsets: [-8, 0] }), new Uint8Array(8)),
      "'x' has no valid data_offsets",
    ],
    [
      'offsets that are texts',
      file(entry({ data_offsets: ['0', '8'] }), new Uint8Array(8)),
      "'x' has no valid data_offsets",
    ],
    [
      'several things, each in the list',
      file({ x: { dtype: 'F8' }, y: { dtype: 'F32', shape: 2 } }),
      `'x' has type "F8"; known: F32, F64, F16, BF16, I32, U8; 'y' has no valid shape`,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message)
  })
})

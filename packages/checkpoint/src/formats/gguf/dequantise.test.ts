import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { dequantise } from './dequantise'

const { source: _, ...cases } = JSON.parse(
  readFileSync(new URL('./dequantised-blocks.json', import.meta.url), 'utf8'),
) as Record<string, { blocks: string; values: string }> & { source: never }

const bytesOf = (text: string, encoding: BufferEncoding) => new Uint8Array(Buffer.from(text, encoding))

it.each(Object.entries(cases))(
  'makes of blocks of %s what the gguf library makes, bit for bit',
  (type, each) => {
    const wanted = new Float32Array(bytesOf(each.values, 'base64').buffer)
    expect(dequantise(type, bytesOf(each.blocks, 'hex'), wanted.length)).toEqual(wanted)
  },
)

it('widens halves and bfloats', () => {
  const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff)
  expect(dequantise('F16', new Uint8Array(half.buffer), 4)).toEqual(Float32Array.of(1, -2, 2 ** -24, 65504))
  const short = Uint16Array.of(0x3f80, 0xc040)
  expect(dequantise('BF16', new Uint8Array(short.buffer), 2)).toEqual(Float32Array.of(1, -3))
})

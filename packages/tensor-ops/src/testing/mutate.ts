import type { Random } from '../random'

/** What sizes, counts and places are claimed to be. */
const claims = [
  0n,
  1n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]

/** What stands in place of a value of JSON. */
const values = [
  '-1',
  '0',
  '1.5',
  '3',
  '1e308',
  '1e999',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  'null',
  'true',
  '""',
  '"x"',
  '"\\u0000\\n"',
  '"__proto__"',
  '[]',
  '{}',
  '[1e9,1e9]',
  '['.repeat(3000),
]

/** A value of JSON: a number, a word or a string. */
const value = /-?\d[\d.e+-]*|true|false|null|"[^"\n]*"/g

/**
 * A file with one thing changed: cut off, a part of it left out or twice, bytes replaced, a count that lies, a value of
 * JSON that is another.
 *
 * @param within only so many bytes from its beginning are changed
 */
export function mutated(file: Uint8Array, random: Random, within = Infinity): Uint8Array {
  const end = Math.min(within, file.length)
  const place = () => random.integer(end)
  const [from, to] = [place(), place()].sort((a, b) => a - b)
  const copy = Uint8Array.from(file)
  switch (random.integer(7)) {
    case 0:
      return copy.subarray(0, from)
    case 1:
      return joined(file.subarray(0, from), file.subarray(to))
    case 2:
      return joined(file.subarray(0, to), file.subarray(from))
    case 3:
      return copy.fill(random.integer(2) * 255, from, from + 1 + random.integer(8))
    case 4: {
      const width = random.integer(2) ? 8 : 4
      const view = new DataView(copy.buffer)
      const claim = BigInt.asUintN(8 * width, claims[random.integer(claims.length)])
      for (let i = 0; i < width && from + i < file.length; i++)
        view.setUint8(from + i, Number((claim >> BigInt(8 * i)) & 0xffn))
      return copy
    }
    case 5:
      return withOtherValue(file, from, end, random)
    default:
      for (let i = random.integer(6); i >= 0; i--) copy[place()] = random.integer(256)
      return copy
  }
}

function withOtherValue(file: Uint8Array, from: number, end: number, random: Random): Uint8Array {
  const text = new TextDecoder('latin1').decode(file.subarray(from, Math.min(end, from + 400)))
  const found = [...text.matchAll(value)].at(random.integer(2))
  if (!found) return file.slice(0, from)
  const other = new TextEncoder().encode(values[random.integer(values.length)])
  const start = from + found.index
  return joined(file.subarray(0, start), other, file.subarray(start + found[0].length))
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

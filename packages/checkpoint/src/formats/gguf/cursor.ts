/** There is less of the file at hand than what is asked for: more is to be read. */
export class NeedsMore extends Error {}

/** What is asked for isn't in the file at all, or can't be what it says. */
export class Unreadable extends Error {}

/** Reads little-endian values one after another from the beginning of a file, as far as it is at hand. */
export class Cursor {
  at = 0
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    private readonly fileSize: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes of the file after what was read. */
  get left(): number {
    return this.fileSize - this.at
  }

  /** @returns where so many bytes begin, which are then behind the cursor */
  take(count: number, what: string): number {
    if (count > this.left) throw new Unreadable(`the file ends in ${what}`)
    if (this.at + count > this.bytes.length) throw new NeedsMore()
    const start = this.at
    this.at += count
    return start
  }

  u32(what: string): number {
    return this.view.getUint32(this.take(4, what), true)
  }

  /** @throws Unreadable for one that is no safe integer */
  u64(what: string): number {
    const value = this.view.getBigUint64(this.take(8, what), true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Unreadable(`${what} is ${value}, which is too large`)
    return Number(value)
  }

  text(what: string): string {
    const length = this.u64(`the length of ${what}`)
    if (length > this.left)
      throw new Unreadable(`${what} claims ${length} bytes, the file has ${this.left} more`)
    const start = this.take(length, what)
    return utf8.decode(this.bytes.subarray(start, start + length))
  }

  /** A number of one of the sizes that values have. */
  number(kind: NumberKind, what: string): number {
    const at = this.take(numberBytes[kind], what)
    const value = this.view[`get${kind}`](at, true)
    return Number(value)
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

export const numberBytes = {
  Uint8: 1,
  Int8: 1,
  Uint16: 2,
  Int16: 2,
  Uint32: 4,
  Int32: 4,
  Float32: 4,
  BigUint64: 8,
  BigInt64: 8,
  Float64: 8,
} as const
export type NumberKind = keyof typeof numberBytes

/** A store of OCDBT that can't be what it says; the message goes on after the name of the file. */
export class OcdbtProblem extends Error {}

/** Reads the values of OCDBT one after another. Nothing is made for a count before as many bytes are there. */
export class Bytes {
  private at = 0

  constructor(private readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.at
  }

  take(count: number, what: string): Uint8Array {
    if (count > this.left)
      throw new OcdbtProblem(`it ends in ${what}: ${count} bytes are claimed, ${this.left} left`)
    const start = this.at
    this.at += count
    return this.bytes.subarray(start, this.at)
  }

  byte(what: string): number {
    return this.take(1, what)[0]
  }

  /** Seven bits a byte, the lowest first. */
  number(what: string): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte(what)
      value += (byte & 0x7f) * 2 ** shift
      if (!Number.isSafeInteger(value)) throw new OcdbtProblem(`${what} is larger than any file`)
      if (byte < 0x80) return value
    }
  }

  numbers(count: number, what: string): number[] {
    if (count > this.left)
      throw new OcdbtProblem(`it ends in ${what}: ${count} of them are claimed, ${this.left} bytes left`)
    return Array.from({ length: count }, () => this.number(what))
  }

  end(): void {
    if (this.left > 0) throw new OcdbtProblem(`it goes on for ${this.left} bytes after its end`)
  }
}

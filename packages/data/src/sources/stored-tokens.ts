import { closeSync, openSync, readSync } from 'node:fs'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { DataError } from '../data-error'
import { tokensOfWidth, type TokenWidth } from './token-list'
import type { TokenRange, Tokens } from './document'

/** Tokens that follow one another in a file, all of one width. */
export interface Segment {
  /** First byte in the file. */
  at: number
  /** Bytes of a token. */
  width: TokenWidth
  length: number
}

/** A file of tokens that stays open while anybody has a part of it. */
export class TokensFile {
  private readonly descriptor: number

  /** @throws FileError */
  constructor(readonly path: string) {
    try {
      this.descriptor = openSync(path, 'r')
    } catch (error) {
      throw asFileError(error, { path, attempt: 'read' })
    }
  }

  /** Fills `into` from byte `at` on. */
  read(into: Tokens, at: number): void {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    try {
      for (let filled = 0; filled < bytes.length;) {
        const read = readSync(this.descriptor, bytes, filled, bytes.length - filled, at + filled)
        if (read === 0) throw new DataError(`'${this.path}' is cut off; remove its folder, it is made again`)
        filled += read
      }
    } catch (error) {
      throw asFileError(error, { path: this.path, attempt: 'read' })
    }
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** A part of a document whose tokens stand in a file; of as many bytes a token as its document needs. */
export class StoredTokens implements TokenRange {
  readonly length: number

  /** @param from where the part begins in what the segments are together @param to the place after its last token */
  constructor(
    private readonly file: TokensFile,
    private readonly segments: readonly Segment[],
    private readonly from = 0,
    private readonly to = segments.reduce((sum, { length }) => sum + length, 0),
  ) {
    this.length = to - from
  }

  /** The part [from, to) of this part, bounds as those of a typed array's `subarray`. */
  subarray(from = 0, to = this.length): StoredTokens {
    const place = (index: number) =>
      Math.min(this.length, Math.max(0, index < 0 ? this.length + index : index))
    const start = place(from)
    return new StoredTokens(
      this.file,
      this.segments,
      this.from + start,
      this.from + Math.max(start, place(to)),
    )
  }

  load(): Tokens {
    const width = Math.max(1, ...this.segments.map((segment) => segment.width)) as TokenWidth
    const all = tokensOfWidth(width, this.length)
    let start = 0
    for (const segment of this.segments) {
      const [first, last] = [Math.max(this.from, start), Math.min(this.to, start + segment.length)]
      if (first < last) {
        const part = tokensOfWidth(segment.width, last - first)
        this.file.read(part, segment.at + (first - start) * segment.width)
        all.set(part, first - this.from)
      }
      start += segment.length
    }
    return all
  }
}

import type { Tokens } from './document'

/** Bytes of a token. */
export type TokenWidth = 1 | 2 | 4

export const tokensOfWidth = (width: TokenWidth, length: number): Tokens =>
  width === 1 ? new Uint8Array(length) : width === 2 ? new Uint16Array(length) : new Int32Array(length)

/** The same tokens in the fewest bytes that hold them. */
export function inFewestBytes(tokens: Int32Array): Tokens {
  const most = tokens.reduce((a, b) => Math.max(a, b), 0)
  return most < 1 << 8 ? new Uint8Array(tokens) : most < 1 << 16 ? new Uint16Array(tokens) : tokens
}

/** Tokens as they come, kept in the fewest bytes that hold them. */
export class TokenList {
  private readonly pieces: Tokens[] = []

  push(tokens: Int32Array): void {
    this.pieces.push(inFewestBytes(tokens))
  }

  join(): Tokens {
    if (this.pieces.length === 1) return this.pieces[0]
    const length = this.pieces.reduce((sum, piece) => sum + piece.length, 0)
    const widest = Math.max(1, ...this.pieces.map((piece) => piece.BYTES_PER_ELEMENT))
    const all = tokensOfWidth(widest as TokenWidth, length)
    let at = 0
    for (const piece of this.pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }
}

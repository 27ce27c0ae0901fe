import type { Tokens } from './document'

/** Tokens as they come, kept in the fewest bytes that hold them. */
export class TokenList {
  private readonly pieces: Tokens[] = []

  push(tokens: Int32Array): void {
    const most = tokens.reduce((a, b) => Math.max(a, b), 0)
    this.pieces.push(
      most < 1 << 8 ? new Uint8Array(tokens) : most < 1 << 16 ? new Uint16Array(tokens) : tokens,
    )
  }

  join(): Tokens {
    if (this.pieces.length === 1) return this.pieces[0]
    const length = this.pieces.reduce((sum, piece) => sum + piece.length, 0)
    const widest = Math.max(1, ...this.pieces.map((piece) => piece.BYTES_PER_ELEMENT))
    const all =
      widest === 1 ? new Uint8Array(length) : widest === 2 ? new Uint16Array(length) : new Int32Array(length)
    let at = 0
    for (const piece of this.pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }
}

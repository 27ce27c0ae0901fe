/**
 * Places of pieces of text, found by the pieces' hashes. A place takes some 30 bytes, and there may be more of them than a `Map`
 * has room for: corpora may be larger than memory.
 */
export class PlaceIndex {
  private used = 0

  private constructor(
    /** Of a place: which text, where in it, its piece's hash, and the next place of the same slot, or −1. */
    private readonly texts: Int32Array,
    private readonly starts: Float64Array,
    private readonly hashes: Int32Array,
    private readonly nexts: Int32Array,
    /** The first place of each slot, or −1. */
    private readonly heads: Int32Array,
    /** A bit for each eighth of a slot, set where a piece has been: nearly all that is asked for isn't there, which a few bytes tell. */
    private readonly present: Uint8Array,
  ) {}

  /** @param most places */
  static ofMost(most: number): PlaceIndex {
    const slots = 2 ** Math.min(28, Math.max(10, Math.ceil(Math.log2(2 * most + 1))))
    return new PlaceIndex(
      new Int32Array(most),
      new Float64Array(most),
      new Int32Array(most),
      new Int32Array(most),
      new Int32Array(slots).fill(-1),
      new Uint8Array(slots),
    )
  }

  /** Another of the same places, from which some can be removed. */
  copy(): PlaceIndex {
    const { texts, starts, hashes, nexts, heads, present } = this
    return new PlaceIndex(texts, starts, hashes, nexts.slice(), heads.slice(), present)
  }

  add(hash: number, text: number, start: number): void {
    const place = this.used++
    const slot = this.slotOf(hash)
    this.texts[place] = text
    this.starts[place] = start
    this.hashes[place] = hash
    this.nexts[place] = this.heads[slot]
    this.heads[slot] = place
    this.present[slot] |= 1 << (hash & 7)
  }

  /** @returns a place of a piece with this hash, −1 where there is none */
  first(hash: number): number {
    const slot = this.slotOf(hash)
    if ((this.present[slot] & (1 << (hash & 7))) === 0) return -1
    return this.from(this.heads[slot], hash)
  }

  /** @returns another place with the hash of this one's piece, −1 where there is none */
  after(place: number): number {
    return this.from(this.nexts[place], this.hashes[place])
  }

  textOf(place: number): number {
    return this.texts[place]
  }

  startOf(place: number): number {
    return this.starts[place]
  }

  remove(place: number): void {
    const slot = this.slotOf(this.hashes[place])
    if (this.heads[slot] === place) {
      this.heads[slot] = this.nexts[place]
      return
    }
    let before = this.heads[slot]
    while (this.nexts[before] !== place) before = this.nexts[before]
    this.nexts[before] = this.nexts[place]
  }

  private from(place: number, hash: number): number {
    while (place >= 0 && this.hashes[place] !== hash) place = this.nexts[place]
    return place
  }

  private slotOf(hash: number): number {
    return Math.imul(hash, 0x9e3779b1) >>> (Math.clz32(this.heads.length) + 1)
  }
}

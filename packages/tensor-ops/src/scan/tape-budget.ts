/** How many bytes tapes may hold: those of all scans of one gradient share it, first come. */
export class TapeBudget {
  private held = 0
  private largest = 0
  private full = false

  /** @param bytes 0 keeps no tape, Infinity each one */
  constructor(private readonly bytes: number) {
    this.full = bytes <= 0
  }

  /** Whether it is worth trying: some tape didn't fit, so those after it are computed again. */
  get open(): boolean {
    return !this.full
  }

  /** Whether a tape of so many bytes may stay: one as large must fit beside it, since tapes computed again need room. */
  keep(bytes: number): boolean {
    this.largest = Math.max(this.largest, bytes)
    if (this.held + bytes + this.largest > this.bytes) this.full = true
    else this.held += bytes
    return this.open
  }
}

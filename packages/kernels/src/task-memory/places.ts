/** Hands out places of what a sequence's head works with. */
export class Places {
  all = 0
  take(values: number): number {
    const at = this.all
    this.all += values
    return at
  }
}

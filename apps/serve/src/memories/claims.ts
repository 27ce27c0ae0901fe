import { ApiError } from '../http/api-error'

/** Room for what is in the making. */
export interface Claim {
  /** Says how large it has become. @throws ApiError 413 */
  hold(bytes: number): Promise<void>
  /** A second time does nothing. */
  release(): void
}

interface Held {
  /** The memory that is written to; nothing for a new one. */
  id: string | undefined
  bytes: number
}

/** What is being written here and now. */
export class Claims {
  private readonly held: Held[] = []

  /** Bytes of all that is in the making. */
  get bytes(): number {
    return this.held.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** @param check throws where so many bytes more are too many */
  take(id: string | undefined, check: (bytes: number) => Promise<void>): { claim: Claim; newBefore: number } {
    const newBefore = this.held.filter((each) => each.id === undefined).length
    const held: Held = { id, bytes: 0 }
    this.held.push(held)
    const claim = {
      hold: async (bytes: number) => {
        held.bytes = 0
        await check(bytes)
        held.bytes = bytes
      },
      release: () => {
        const at = this.held.indexOf(held)
        if (at >= 0) this.held.splice(at, 1)
      },
    }
    return { claim, newBefore }
  }

  /** @throws ApiError 409 while someone writes to a memory */
  checkFree(id: string, param: string): void {
    if (this.held.some((each) => each.id === id))
      throw new ApiError(409, 'memory_busy', `another request writes to the memory '${id}'`, param, {
        retryAfter: 1,
      })
  }
}

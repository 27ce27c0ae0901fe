import type { Abilities, Buffer, Call } from './buffers'

/** A call as it will be made. */
export interface PlannedCall<B extends Buffer, C extends Call<B>> {
  readonly call: C
  /** The call's own, those replaced in whose place others stand. */
  readonly inputs: readonly (B | undefined)[]
  readonly outputs: readonly (B | undefined)[]
  /** Which outputs are added to what stands in their place. */
  readonly accumulate?: readonly boolean[]
}

/** A step's calls, sums being formed where their first term stands. */
export interface PlannedCalls<B extends Buffer, C extends Call<B>> {
  calls: readonly PlannedCall<B, C>[]
  /** The buffer in whose place another stands. */
  storageOf(buffer: B): B
}

/**
 * Forms sums where their first term stands, if nothing else reads that term: gradients of one weight come from many
 * places, and memory traffic is most of what adding them costs. Where the second term comes from a kernel that can, it is
 * added by that kernel itself. What a kernel may write over an input is written there if nothing reads that input later.
 *
 * @param spent inputs that may be overwritten
 * @param stays whether a buffer is needed after the step, in a place of its own
 */
export function sumInPlace<B extends Buffer, C extends Call<B>>(
  calls: readonly C[],
  spent: ReadonlySet<B>,
  stays: (buffer: B) => boolean,
  abilities: Abilities<C>,
): PlannedCalls<B, C> {
  const reads = new Map<B, number>()
  /** The call after which a buffer is complete, −1 for spent inputs. */
  const ready = new Map<B, number>([...spent].map((buffer) => [buffer, -1]))
  const producers = new Map<B, { call: number; output: number }>()
  const lastRead = new Map<B, number>()
  calls.forEach((call, c) => {
    for (const input of call.inputs) {
      if (input === undefined) continue
      reads.set(input, (reads.get(input) ?? 0) + 1)
      lastRead.set(input, c)
    }
    call.outputs.forEach((buffer, output) => {
      if (buffer === undefined) return
      producers.set(buffer, { call: c, output })
      ready.set(buffer, c)
    })
  })
  const storage = new Map<B, B>()
  const storageOf = (buffer: B): B => {
    let at = buffer
    for (let next = storage.get(at); next !== undefined; next = storage.get(at)) at = next
    return at
  }
  /** Without those that others have taken over. */
  const remaining = new Set(calls.keys())
  const accumulating = new Map<number, boolean[]>()
  const readOnce = (buffer: B) => reads.get(buffer) === 1

  /** Puts a buffer where the one stands that it goes on from. */
  const putInPlaceOf = (first: B, next: B) => {
    const place = storageOf(first)
    // A result lies in its own place, which those before it then share, or in that of an input that was given up for it.
    if (stays(next) && !spent.has(place)) storage.set(place, next)
    else storage.set(next, place)
  }
  const writeOver = (call: C, c: number) =>
    call.outputs.forEach((next, output) => {
      const first = call.inputs[abilities.overwrites(call, output) ?? -1]
      if (first === undefined || next === undefined || !ready.has(first) || stays(first)) return
      const readHere = call.inputs.filter((input) => input === first).length
      if (lastRead.get(first) === c && readHere === 1) putInPlaceOf(first, next)
    })

  calls.forEach((call, c) => {
    if (!abilities.isSum(call)) return writeOver(call, c)
    const [first, second] = call.inputs
    const [sum] = call.outputs
    if (first === undefined || second === undefined || sum === undefined || first === second) return
    if (!ready.has(first) || !readOnce(first) || stays(first)) return
    putInPlaceOf(first, sum)

    const producer = producers.get(second)
    if (!producer || !readOnce(second) || stays(second) || storageOf(second) !== second) return
    const { call: p, output } = producer
    if (ready.get(first)! >= p || !abilities.accumulates(calls[p], output)) return
    const accumulate = accumulating.get(p) ?? calls[p].outputs.map(() => false)
    accumulate[output] = true
    accumulating.set(p, accumulate)
    remaining.delete(c)
    storage.set(second, storageOf(sum))
    ready.set(sum, p)
  })
  const moved = (buffer: B | undefined) => buffer && storageOf(buffer)
  return {
    storageOf,
    calls: [...remaining].map((c) => ({
      call: calls[c],
      inputs: calls[c].inputs.map(moved),
      outputs: calls[c].outputs.map(moved),
      accumulate: accumulating.get(c),
    })),
  }
}

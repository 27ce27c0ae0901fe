import type { Buffer, Call } from './buffers'

/** The calls that the wanted buffers depend on, in their order. */
export function liveCalls<B extends Buffer, C extends Call<B>>(
  calls: readonly C[],
  wanted: Iterable<B>,
): C[] {
  const needed = new Set(wanted)
  const live: C[] = []
  for (let i = calls.length - 1; i >= 0; i--) {
    if (!calls[i].outputs.some((output) => output !== undefined && needed.has(output))) continue
    live.push(calls[i])
    for (const input of calls[i].inputs) if (input !== undefined) needed.add(input)
  }
  return live.toReversed()
}

/** The buffers that the calls read. */
export function readBy<B extends Buffer>(calls: readonly Call<B>[]): Set<B> {
  const read = new Set<B>()
  for (const { inputs } of calls) for (const input of inputs) if (input !== undefined) read.add(input)
  return read
}

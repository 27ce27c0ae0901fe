import type { Communicator } from './communicator'

/**
 * What each rank has to tell, numbers of which nobody else knows how many there are: of all ranks, in their order. It is two
 * operations, the second begun when the first has ended: nothing else may go on meanwhile.
 */
export async function gatherUneven(
  communicator: Communicator,
  values: readonly number[],
): Promise<Float64Array[]> {
  const { size } = communicator
  const ones = Array.from({ length: size }, () => 1)
  const counts = [...(await communicator.allGather(Float64Array.of(values.length), ones))]
  const all = await communicator.allGather(Float64Array.from(values), counts)
  let end = 0
  return counts.map((count) => all.subarray(end, (end += count)))
}

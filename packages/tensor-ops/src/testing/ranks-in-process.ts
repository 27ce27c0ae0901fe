import type { Communicator, SharedValues } from '../communicator/communicator'
import { tf } from '../tf'
import { read } from '../read'
import { treeLeaves, treeWithLeaves, type TensorTree } from '../tree'

/**
 * Runs a function as so many ranks that take turns in this process: what is tested is what ranks do, not what carries their
 * values.
 *
 * @returns what it returned at each rank
 */
export function ranksInProcess<T>(size: number, run: (ranks: Communicator) => Promise<T>): Promise<T[]> {
  const meetings: {
    came: unknown[]
    count: number
    all: Promise<unknown[]>
    settle(all: unknown[]): void
  }[] = []
  const meetingOf = (number: number) => {
    if (meetings[number]) return meetings[number]
    let settle: (all: unknown[]) => void = () => undefined
    const all = new Promise<unknown[]>((resolve) => (settle = resolve))
    return (meetings[number] = { came: [], count: 0, all, settle })
  }
  const communicatorOf = (rank: number): Communicator => {
    let next = 0
    /** What every rank brought to its operation of this number. */
    const meet = async <V>(brought: V): Promise<V[]> => {
      const meeting = meetingOf(next++)
      meeting.came[rank] = brought
      if (++meeting.count === size) meeting.settle(meeting.came)
      return (await meeting.all) as V[]
    }
    const reduce = async (values: Float32Array) => summed(await meet(values.slice()))
    return {
      rank,
      size,
      async allReduce<R extends TensorTree>(tree: R): Promise<R> {
        const leaves = treeLeaves(tree)
        const values = await read(leaves)
        const sums = await Promise.all(values.map(reduce))
        return treeWithLeaves(
          tree,
          leaves.map(({ shape }, i) => tf.keep(tf.tensor(sums[i], shape))),
        )
      },
      async reduceScatter(values, counts, into = new Float32Array(counts[rank])) {
        const from = counts.slice(0, rank).reduce((sum, count) => sum + count, 0)
        into.set((await reduce(values)).subarray(from, from + counts[rank]))
        return into
      },
      async allGather<V extends SharedValues>(part: V, _: readonly number[], into?: V) {
        const all = (await meet(part.slice())).flatMap((each) => [...each])
        into?.set(all)
        return into ?? ((part instanceof Float32Array ? Float32Array : Float64Array).from(all) as V)
      },
      async broadcast<V extends SharedValues>(values: V, root = 0) {
        values.set((await meet(values.slice()))[root])
        return values
      },
      barrier: async () => void (await meet(0)),
    }
  }
  return Promise.all(Array.from({ length: size }, (_, rank) => run(communicatorOf(rank))))
}

/** In the tree that `Communicator` says. */
function summed(values: Float32Array[]): Float32Array {
  const sums = values.map((each) => each.slice())
  for (let stride = 1; stride < sums.length; stride *= 2)
    for (let to = 0; to + stride < sums.length; to += 2 * stride)
      for (let i = 0; i < sums[to].length; i++) sums[to][i] += sums[to + stride][i]
  return sums[0]
}

import { tf } from '../tf'
import { treeMap, type TensorTree } from '../tree'
import type { Communicator, SharedValues } from './communicator'

function put<V extends SharedValues>(values: V, into = values): V {
  if (into !== values) into.set(values)
  return into
}

/** The communicator of a process that works by itself: sums are what it has, nobody is waited for. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  allReduce: async <T extends TensorTree>(tree: T) => treeMap(tree, (leaf) => tf.keep(tf.clone(leaf))),
  reduceScatter: async (values, _, into) => put(values, into),
  allGather: async <V extends SharedValues>(part: V, _: readonly number[], into?: V) => put(part, into),
  broadcast: async <V extends SharedValues>(values: V) => values,
  barrier: async () => undefined,
}

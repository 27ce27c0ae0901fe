import { tf } from '../tf'
import { treeMap, type TensorTree } from '../tree'
import type { Communicator, SharedValues } from './communicator'

/** The communicator of a process that works by itself: sums are what it has, nobody is waited for. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  allReduce: async <T extends TensorTree>(tree: T) => treeMap(tree, (leaf) => tf.keep(tf.clone(leaf))),
  reduceScatter: async (values) => values,
  allGather: async <V extends SharedValues>(part: V) => part,
  broadcast: async <V extends SharedValues>(values: V) => values,
  barrier: async () => undefined,
}

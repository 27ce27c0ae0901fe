import type { TensorTree } from '../tree'

/** Values that are handed from process to process. */
export type SharedValues = Float32Array | Float64Array

/**
 * Processes that work on one thing together, each with a rank. All of them call the same operations in the same order; one
 * may be begun before another has ended. Sums are made in a tree over the ranks (neighbours, neighbouring pairs, …) that
 * nothing but their number decides: the same bits for all ranks, and in every run.
 *
 * Arrays are the operation's until it is done.
 */
export interface Communicator {
  /** This process's number, from 0. */
  readonly rank: number
  /** How many there are. */
  readonly size: number
  /** Sums of float32 tensors over the ranks, of the tree's form; new tensors, the caller's. */
  allReduce<T extends TensorTree>(tree: T): Promise<T>
  /**
   * Sums over the ranks, shared out: each rank gets one part.
   *
   * @param values as many at every rank: the parts of all ranks, one after another
   * @param counts values in each rank's part [size]
   * @param into where this rank's part is put, and what is returned; a new array where left out
   */
  reduceScatter(values: Float32Array, counts: readonly number[], into?: Float32Array): Promise<Float32Array>
  /**
   * The parts of all ranks, one after another.
   *
   * @param part this rank's
   * @param counts values in each rank's part [size]
   * @param into where they are put, and what is returned; a new array where left out
   */
  allGather<V extends SharedValues>(part: V, counts: readonly number[], into?: V): Promise<V>
  /** Overwrites `values`, of one length everywhere, with those of one rank; of rank 0 where left out. */
  broadcast<V extends SharedValues>(values: V, root?: number): Promise<V>
  /** Waits until every rank is here. */
  barrier(): Promise<void>
}

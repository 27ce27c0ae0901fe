import { createRequire } from 'node:module'

/** What is known of the ranks. */
export interface World {
  rank: number
  size: number
  /** Among the ranks of this machine. */
  localRank: number
  localSize: number
  /** What the MPI says about itself. */
  library: string
}

type Words = Float32Array | Float64Array

/** What cpp/addon.cc exports. Arrays stay as they are until the promise settles; counts are of words of four bytes. */
export interface MpiAddon {
  initialize(): Promise<World>
  reduceScatter(send: Float32Array, receive: Float32Array, counts: Int32Array): Promise<void>
  allGather(send: Words, receive: Words, counts: Int32Array): Promise<void>
  broadcast(values: Words, words: number, root: number): Promise<void>
  barrier(): Promise<void>
  finalize(): Promise<void>
  /** Ends all ranks; never settles. */
  abort(code: number): Promise<void>
}

export function loadMpiAddon(path: string): MpiAddon {
  return createRequire(import.meta.url)(path) as MpiAddon
}

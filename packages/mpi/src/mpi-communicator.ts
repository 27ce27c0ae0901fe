import {
  read,
  sharesOf,
  tf,
  treeLeaves,
  treeWithLeaves,
  type Communicator,
  type SharedValues,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { MpiAddon, World } from './addon'
import { MpiError } from './mpi-error'

/** The processes that a launcher has started, over the machine's own MPI. See `Communicator`. */
export class MpiCommunicator implements Communicator {
  readonly rank: number
  readonly size: number
  /** Ranks on this machine. */
  readonly localSize: number
  /** What the MPI calls itself. */
  readonly library: string

  constructor(
    private readonly addon: MpiAddon,
    { rank, size, localSize, library }: World,
  ) {
    this.rank = rank
    this.size = size
    this.localSize = localSize
    // Open MPI: `Open MPI v4.1.4, package: …`; MPICH: `MPICH Version:\t4.0.2\n…`.
    this.library = library.split(/[\n,]/)[0].replace(/ Version:\s*/, ' ')
  }

  async allReduce<T extends TensorTree>(tree: T): Promise<T> {
    const leaves = treeLeaves(tree)
    const values = await read(leaves)
    const flat = new Float32Array(values.reduce((sum, each) => sum + each.length, 0))
    let end = 0
    for (const each of values) {
      flat.set(each, end)
      end += each.length
    }
    const counts = sharesOf(flat.length, this.size)
    const sums = await this.allGather(await this.reduceScatter(flat, counts), counts)
    end = 0
    return treeWithLeaves(
      tree,
      leaves.map(({ shape, size }) => tf.keep(tf.tensor(sums.slice(end, (end += size)), shape))),
    )
  }

  async reduceScatter(
    values: Float32Array,
    counts: readonly number[],
    part = new Float32Array(counts[this.rank] ?? 0),
  ): Promise<Float32Array> {
    this.check('reduceScatter', counts, values.length, total(counts))
    this.check('reduceScatter', counts, part.length, counts[this.rank])
    await inWords(this.addon.reduceScatter(values, part, Int32Array.from(counts)))
    return part
  }

  async allGather<V extends SharedValues>(
    part: V,
    counts: readonly number[],
    all = (part instanceof Float32Array
      ? new Float32Array(total(counts))
      : new Float64Array(total(counts))) as V,
  ): Promise<V> {
    this.check('allGather', counts, part.length, counts[this.rank])
    this.check('allGather', counts, all.length, total(counts))
    const words = counts.map((count) => (count * part.BYTES_PER_ELEMENT) / 4)
    await inWords(this.addon.allGather(part, all, Int32Array.from(words)))
    return all
  }

  async broadcast<V extends SharedValues>(values: V, root = 0): Promise<V> {
    if (!(Number.isInteger(root) && root >= 0 && root < this.size))
      throw new RangeError(`there is no rank ${root}: they go from 0 to ${this.size - 1}`)
    await inWords(this.addon.broadcast(values, values.byteLength / 4, root))
    return values
  }

  async barrier(): Promise<void> {
    await inWords(this.addon.barrier())
  }

  /** Leaves MPI, when everything is done: all ranks do so together. Nothing can be called after it. */
  async close(): Promise<void> {
    await inWords(this.addon.finalize())
  }

  /** Ends all ranks at once, this one too, with an exit code; where one can't go on, the others would wait for it for ever. */
  async abort(code: number): Promise<never> {
    await this.addon.abort(code)
    return process.exit(code)
  }

  private check(operation: string, counts: readonly number[], given: number, needed: number): void {
    if (counts.length !== this.size)
      throw new RangeError(`${operation} takes the counts of ${this.size} ranks; ${counts.length} were given`)
    if (given !== needed)
      throw new RangeError(`${operation} was given ${given} values; by its counts they are ${needed}`)
  }
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

async function inWords(waiting: Promise<void>): Promise<void> {
  try {
    await waiting
  } catch (error) {
    throw new MpiError(
      `the ranks can't work together any more: ${(error as Error).message}; the run goes on from its last checkpoint`,
    )
  }
}

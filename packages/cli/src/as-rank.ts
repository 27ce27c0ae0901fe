import { connectMpi, launcherOf, type MpiCommunicator } from '@ttt-e2e/mpi'
import { alone, UserError, type Communicator } from '@ttt-e2e/tensor-ops'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { availableParallelism } from 'node:os'

/** What a command knows of the ranks that it is one of. */
export interface Rank {
  communicator: Communicator
  /** The one that prints and writes; a process by itself is it. */
  isFirst: boolean
  /** Threads for each rank of this machine, so that together they have its cores; undefined for a process by itself. */
  threads?: number
}

/** A rank whose error the first one has too leaves it the word for so long. */
const politeMilliseconds = 2000

/**
 * Runs a command as one of the ranks that `mpirun` or another launcher has started, or by itself. Where a rank can't go on,
 * one sentence says why and all ranks end: with exit code 2 for a request that can't be met.
 *
 * @throws MpiError if there is no MPI though a launcher has started this
 */
export async function asRank<T>(run: (rank: Rank) => Promise<T>): Promise<T> {
  if (!launcherOf()) return await run({ communicator: alone, isFirst: true })
  const communicator = await connectMpi()
  const { rank, localSize } = communicator
  const threads = Math.max(1, Math.floor(availableParallelism() / localSize))
  try {
    const result = await run({ communicator, isFirst: rank === 0, threads })
    await communicator.close()
    return result
  } catch (thrown) {
    return await giveUp(communicator, asFileError(thrown))
  }
}

async function giveUp(communicator: MpiCommunicator, error: unknown): Promise<never> {
  const { rank, size } = communicator
  if (rank > 0) await new Promise((resolve) => setTimeout(resolve, politeMilliseconds))
  const forPeople = error instanceof UserError
  const what = forPeople ? error.message : String((error as Error).stack ?? error)
  process.stderr.write(rank > 0 ? `rank ${rank} of ${size}: ${what}\n` : `${what}\n`)
  return await communicator.abort(forPeople ? 2 : 1)
}

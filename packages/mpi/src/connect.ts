import { loadMpiAddon } from './addon'
import { buildMpiAddon } from './compile'
import { launcherOf } from './launcher'
import { MpiCommunicator } from './mpi-communicator'
import { MpiError } from './mpi-error'

let connected: Promise<MpiCommunicator> | undefined

/**
 * The processes that `mpirun` (or srun, or an MPI operator) has started, this one among them; a process that was started
 * alone is the only rank. The addon is compiled on first use by the MPI's own compiler: MPICXX, or mpicxx.
 *
 * @throws MpiError in a sentence: there is no MPI, or the launcher is another MPI's
 */
export function connectMpi(): Promise<MpiCommunicator> {
  return (connected ??= connect())
}

async function connect(): Promise<MpiCommunicator> {
  const launcher = launcherOf()
  const build = await buildMpiAddon(launcher)
  if ('reason' in build) throw new MpiError(build.reason)
  // UCX, below MPICH, would replace brk and mmap in the process to watch its memory for networks that write into it. V8's and
  // glibc's threads share that memory, and a rank was seen to die in a part of it that was gone.
  process.env.UCX_MEM_EVENTS ??= 'no'
  let addon
  try {
    addon = loadMpiAddon(build.path)
  } catch (error) {
    throw new MpiError(`the addon for MPI could not be loaded (${(error as Error).message.split('\n')[0]})`)
  }
  const communicator = new MpiCommunicator(addon, await addon.initialize())
  const { size, library } = communicator
  if (launcher?.size !== undefined && launcher.size !== size)
    throw new MpiError(
      `the launcher started ${launcher.size} processes, and ${library} counts ${size}: ` +
        `mpirun is of another MPI than the compiler; name that MPI's mpicxx in MPICXX` +
        (launcher.mpi === 'MPICH' ? ', and start node itself, not a package manager that starts it' : ''),
    )
  return communicator
}

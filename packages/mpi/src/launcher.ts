/** Who started this process as one of several ranks. */
export interface Launcher {
  /** Whose libraries the ranks must be linked with. */
  mpi: 'Open MPI' | 'MPICH'
  /** How many it started, where it says so. */
  size?: number
}

/**
 * The launcher of this process, told by the environment that it leaves: Open MPI's mpirun, MPICH's (and what descends from it),
 * or Slurm's srun with PMIx or PMI-2. Undefined for a process that was started alone.
 */
export function launcherOf(environment: NodeJS.ProcessEnv = process.env): Launcher | undefined {
  const { OMPI_COMM_WORLD_SIZE: open, PMI_SIZE: pmi, PMIX_RANK: pmix, PMI_RANK: rank } = environment
  if (open !== undefined) return { mpi: 'Open MPI', size: Number(open) }
  if (pmi !== undefined) return { mpi: 'MPICH', size: Number(pmi) }
  if (pmix !== undefined) return { mpi: 'Open MPI', ...slurmSize(environment) }
  return rank === undefined ? undefined : { mpi: 'MPICH', ...slurmSize(environment) }
}

const slurmSize = ({ SLURM_STEP_NUM_TASKS: tasks }: NodeJS.ProcessEnv) =>
  tasks === undefined ? {} : { size: Number(tasks) }

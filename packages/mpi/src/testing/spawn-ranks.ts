import { spawn, spawnSync, type ChildProcess } from 'node:child_process'

export interface Ranks {
  ranks: number
  /** A file of TypeScript. */
  script: string
  parameters?: readonly string[]
  environment?: Record<string, string>
  folder?: string
  /** Open MPI's, or whatever `mpirun` stands for, where left out. */
  mpirun?: string
}

/** What a kind of MPI is started with, where it can be installed beside another. */
export const mpis = { 'Open MPI': 'mpirun.openmpi', MPICH: 'mpirun.mpich' } as const

/** Whether it is installed. In CI it is, or the test fails. */
export const hasMpi = (mpirun: string): boolean =>
  Boolean(process.env.CI) || spawnSync(mpirun, ['--version']).status === 0

/** Starts the script as so many ranks on this machine, from the sources. */
export function spawnRanks({
  ranks,
  script,
  parameters = [],
  environment = {},
  folder,
  mpirun = mpis['Open MPI'],
}: Ranks): ChildProcess {
  const isOpen = mpirun.endsWith('openmpi')
  const options = isOpen ? ['--oversubscribe', '--bind-to', 'none', '--mca', 'btl', 'self,vader'] : []
  const node = [process.execPath, '--conditions=source', '--import', 'tsx', script]
  return spawn(mpirun, [...options, '-n', String(ranks), ...node, ...parameters], {
    cwd: folder,
    env: {
      ...process.env,
      // Containers run tests as root.
      ...(isOpen && { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

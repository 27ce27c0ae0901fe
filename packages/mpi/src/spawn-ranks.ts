import { spawn, spawnSync, type ChildProcess } from 'node:child_process'

export interface Ranks {
  ranks: number
  /** A file of TypeScript, run from the sources, or one of JavaScript as it is. */
  script: string
  parameters?: readonly string[]
  environment?: Record<string, string>
  folder?: string
  /** `mpirun` where left out. */
  mpirun?: string
}

/**
 * Starts a script as so many ranks on this machine, more than it has cores too. Cores are left to the system to give out.
 * Its output can be read.
 */
export function spawnRanks({
  ranks,
  script,
  parameters = [],
  environment = {},
  folder,
  mpirun = 'mpirun',
}: Ranks): ChildProcess {
  const isOpen = /open.?(mpi|rte)/i.test(spawnSync(mpirun, ['--version'], { encoding: 'utf8' }).stdout ?? '')
  const options = isOpen ? ['--oversubscribe', '--bind-to', 'none'] : []
  const sources = script.endsWith('.ts') ? ['--conditions=source', '--import', 'tsx'] : []
  return spawn(
    mpirun,
    [...options, '-n', String(ranks), process.execPath, ...sources, script, ...parameters],
    {
      cwd: folder,
      env: {
        ...process.env,
        // Containers run as root.
        ...(isOpen && { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
}

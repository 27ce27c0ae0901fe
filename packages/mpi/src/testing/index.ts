import { spawnSync } from 'node:child_process'

/** What a kind of MPI is started with, where it can be installed beside another. */
export const mpis = { 'Open MPI': 'mpirun.openmpi', MPICH: 'mpirun.mpich' } as const

/** Whether it is installed. In CI it is, or the test fails. */
export const hasMpi = (mpirun: string): boolean =>
  Boolean(process.env.CI) || spawnSync(mpirun, ['--version']).status === 0

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fromSource } from '@ttt-e2e/from-source'
import { describe, expect, it } from 'vitest'
import { launcherOf } from './launcher'
import { spawnRanks } from './spawn-ranks'
import { hasMpi, mpis } from './testing'

const script = await fromSource(join(import.meta.dirname, 'testing/rank.ts'))

interface Line {
  rank: number
  size: number
  library: string
  sums: number[]
  gathered: number[][]
  told: number[]
  uneven: number[][]
  reduced: number[][]
  waitedTurns: boolean
}

async function ended(ranks: number, mpirun: string, ...parameters: string[]) {
  const child = spawnRanks({ ranks, script, parameters, mpirun })
  const text = { stdout: '', stderr: '' }
  child.stdout!.on('data', (data) => (text.stdout += String(data)))
  child.stderr!.on('data', (data) => (text.stderr += String(data)))
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, ...text }
}

describe.each([
  ['Open MPI', [2, 4]],
  ['MPICH', [3]],
] as const)('%s', (name, sizes) => {
  const mpirun = mpis[name]
  it.skipIf(!hasMpi(mpirun)).each(sizes)('does every operation on %i ranks', async (size) => {
    const { code, stdout, stderr } = await ended(size, mpirun)
    expect({ code, stderr: stderr.replace(/^compiling the addon for MPI .*\n/gm, '') }).toEqual({
      code: 0,
      stderr: '',
    })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
      .sort((a, b) => a.rank - b.rank)
    expect(lines.map(({ rank }) => rank)).toEqual(Array.from({ length: size }, (_, i) => i))
    const ranks = lines.map(({ rank }) => rank)
    const sum = (f: (rank: number) => number) => ranks.reduce((total, rank) => total + f(rank), 0)
    // In float32, 1e8 + 1 is 1e8: neighbours first, so that the last 1 is lost too.
    const first = { 2: 1e8, 3: 0, 4: 0 }[size]
    for (const line of lines) {
      expect(line).toMatchObject({ size, waitedTurns: true })
      expect(line.library.startsWith(name)).toBe(true)
      expect(line.sums).toEqual([first, ...[1, 2, 3, 4, 5, 6].map((i) => sum((rank) => i + rank))])
      expect(line.gathered).toEqual([4, 3, 2, 1, 0].map((i) => ranks.map((rank) => rank + i / 10)))
      expect(line.told).toEqual([size - 1, size - 0.5])
      expect(line.uneven).toEqual(ranks.map((rank) => Array.from({ length: rank }, () => rank / 3)))
      expect(line.reduced).toEqual([[sum((rank) => rank), size], [sum((rank) => 10 * rank)]])
    }
  })

  it.skipIf(!hasMpi(mpirun))('waits for nothing that does not come, whenever ranks come', async () => {
    expect(await ended(4, mpirun, 'delays')).toMatchObject({ code: 0, stderr: '' })
  })

  it.skipIf(!hasMpi(mpirun))('ends all ranks where one gives up', async () => {
    const { code, stdout } = await ended(3, mpirun, 'abort')
    expect({ code, stdout: /"rank"/.test(stdout) }).toEqual({ code: 3, stdout: false })
  })
})

describe('a process that no launcher has started', () => {
  const alone = (environment: Record<string, string>) =>
    execFileSync(process.execPath, ['--conditions=source', '--import', 'tsx', '-e', inAnyCase], {
      cwd: import.meta.dirname,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    })
  const inAnyCase =
    "import('./index.ts').then(({ connectMpi }) => connectMpi()).then((ranks) => console.log(ranks.size), (error) => console.log(error.name, error.message))"

  it('is told in a sentence that there is no MPI', () => {
    expect(alone({ MPICXX: 'no-such-mpicxx' })).toMatch(
      /^MpiError there is no MPI: no compiler of one was found \(tried no-such-mpicxx\); install .*\n$/,
    )
  })

  it.skipIf(!hasMpi(mpis['Open MPI']))('is told so where a launcher of another MPI has started it', () => {
    expect(alone({ MPICXX: 'mpicxx.openmpi', PMI_SIZE: '4' })).toMatch(
      /^MpiError the launcher started 4 processes, and Open MPI v[\d.]+ counts 1: /,
    )
  })

  it('has no launcher; what the launchers leave tells which they are', () => {
    expect(launcherOf({ SLURM_NTASKS: '8' })).toBeUndefined()
    expect(launcherOf({ OMPI_COMM_WORLD_SIZE: '4', PMIX_RANK: '0' })).toEqual({ mpi: 'Open MPI', size: 4 })
    expect(launcherOf({ PMI_SIZE: '2', PMI_RANK: '1' })).toEqual({ mpi: 'MPICH', size: 2 })
    expect(launcherOf({ PMIX_RANK: '1', SLURM_STEP_NUM_TASKS: '16' })).toEqual({ mpi: 'Open MPI', size: 16 })
  })
})

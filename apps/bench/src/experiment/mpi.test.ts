import { fromSource } from '@ttt-e2e/from-source'
import { spawnRanks } from '@ttt-e2e/mpi'
import { hasMpi, mpis } from '@ttt-e2e/mpi/testing'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Results } from './results'

const folder = mkdtempSync(join(tmpdir(), 'bench-mpi-'))
const bench = join(import.meta.dirname, '../..')
const script = await fromSource(join(bench, 'src/main.ts'))
const mpirun = mpis['Open MPI']

async function run(ranks: number, out: string, more: readonly string[] = []) {
  const sizes = ['--preset', 'tiny', '--task', 'languages', '--only', 'loss-by-index,training']
  const child = spawnRanks({
    ranks,
    script,
    mpirun,
    parameters: [...sizes, '--engine', 'wasm', '--systems', 'ttt-e2e,ttt-off,swa', '--out', out, ...more],
    folder: bench,
    environment: { INIT_CWD: folder },
  })
  const text = { stdout: '', stderr: '' }
  child.stdout!.on('data', (data) => (text.stdout += String(data)))
  child.stderr!.on('data', (data) => (text.stderr += String(data)))
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, ...text }
}

const lossesOf = (out: string) => {
  const { tasks } = JSON.parse(readFileSync(join(folder, out, 'results.json'), 'utf8')) as Results
  return tasks.map(({ probes }) => probes['loss-by-index'])
}

it.skipIf(!hasMpi(mpirun))(
  'measures on several ranks what one process measures',
  async () => {
    const alone = await run(1, 'alone')
    expect(alone).toMatchObject({ code: 0, stderr: '' })
    const together = await run(2, 'together')
    expect(together).toMatchObject({ code: 0, stderr: '' })
    expect(together.stdout).toContain('2 ranks share out the runs: one run at a time at each')
    expect(together.stdout.match(/^preset: /gm)).toHaveLength(1)
    expect(together.stdout).toMatch(/seed 0: \d+ steps stored, loss/)
    expect(lossesOf('together')).toEqual(lossesOf('alone'))
  },
  120_000,
)

it.skipIf(!hasMpi(mpirun))(
  'ends all ranks with one sentence for what can not be',
  async () => {
    const { code, stderr } = await run(2, 'refused', ['--seeds', 'many'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^--seeds is 'many'; .*$/m)
  },
  60_000,
)

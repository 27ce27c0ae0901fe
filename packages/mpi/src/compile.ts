import {
  baseFlags,
  builtOnFirstUse,
  linkFlags,
  nodeHeaders,
  runCommand,
  type Build,
} from '@ttt-e2e/kernels/addons'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Launcher } from './launcher'

/** A compiler wrapper of an MPI. */
interface MpiCompiler {
  command: string
  /** What it runs and the first line of that compiler's version. */
  says: string[]
}

/**
 * The addon's path, compiled on first use by the MPI's own compiler; or the reason why it can't be had.
 * @param launcher its MPI's compiler is preferred where several are installed side by side
 */
export async function buildMpiAddon(launcher?: Launcher): Promise<Build> {
  const compiler = await findMpiCompiler(launcher)
  if ('tried' in compiler)
    return {
      reason:
        `there is no MPI: no compiler of one was found (tried ${compiler.tried.join(', ')}); install Open MPI or MPICH ` +
        `(Debian: libopenmpi-dev openmpi-bin), or name its mpicxx in MPICXX`,
    }
  const folder = sourceFolder()
  const names = readdirSync(folder).sort()
  const flags = [
    ...baseFlags,
    // The C++ bindings of MPI-2 are not used.
    '-DOMPI_SKIP_MPICXX',
    '-DMPICH_SKIP_MPICXX',
    ...linkFlags({ platform: process.platform }),
  ]
  const hash = createHash('sha256').update(JSON.stringify([compiler, flags, process.platform, process.arch]))
  for (const name of names) hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)))
  return await builtOnFirstUse({
    name: 'mpi',
    title: 'addon for MPI',
    key: hash.digest('hex').slice(0, 24),
    async compile(work) {
      const addon = join(work, 'mpi.node')
      const sources = names.filter((name) => name.endsWith('.cc')).map((name) => join(folder, name))
      await runCommand(compiler.command, [...flags, '-I', nodeHeaders(), ...sources, '-o', addon])
      return addon
    },
  })
}

async function findMpiCompiler(launcher?: Launcher): Promise<MpiCompiler | { tried: string[] }> {
  // Debian's names where both are installed, then everybody's.
  const names = { 'Open MPI': ['mpicxx.openmpi'], MPICH: ['mpicxx.mpich'] }
  const preferred = launcher ? names[launcher.mpi] : []
  const tried = process.env.MPICXX ? [process.env.MPICXX] : [...preferred, 'mpicxx', 'mpic++']
  for (const command of tried) {
    try {
      const [shown, version] = await Promise.all([
        runCommand(command, ['-show']),
        runCommand(command, ['--version']),
      ])
      return { command, says: [shown, version].map(({ stdout }) => stdout.split('\n')[0]) }
    } catch {
      continue
    }
  }
  return { tried }
}

/** Of this package's C++, both from its sources and from a bundle in dist/. */
function sourceFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const beside = join(here, 'cpp')
  return existsSync(beside) ? beside : join(here, '..', 'src', 'cpp')
}

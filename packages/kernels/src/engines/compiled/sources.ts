import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kernelTable } from './kernel-table'

export interface Sources {
  /** Compiled once. */
  core: string[]
  /** Compiled once for each instruction set, with the table of what they define (kernel-table.ts). */
  kernels: string[]
  headers: string[]
  includeFolders: string[]
}

/** This package's folder, both from its sources and from a bundle in dist/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === '@ttt-e2e/kernels')
      return folder
    const parent = dirname(folder)
    if (parent === folder) throw new Error('the package @ttt-e2e/kernels lost its package.json')
    folder = parent
  }
}

/**
 * The C++ sources of an engine: its own core, what compiled engines share, and every .cc and .h of the ops' folders.
 *
 * @param engine whose core
 */
export function findSources(engine: 'native' | 'wasm'): Sources {
  const root = join(packageRoot(), 'src')
  const engines = join(root, 'engines')
  const filesOf = (folder: string, extension: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(extension))
      .sort()
      .map((name) => join(folder, name))
  const own = join(engines, engine, 'core')
  const [core, kernels] = ['core', 'kernels'].map((name) => join(engines, 'compiled', 'cpp', name))
  const ops = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'engines')
    .map((entry) => join(root, entry.name))
    .sort()
  return {
    core: [own, core].flatMap((folder) => filesOf(folder, '.cc')),
    kernels: [kernels, ...ops].flatMap((folder) => filesOf(folder, '.cc')),
    headers: [own, core, kernels, ...ops].flatMap((folder) => filesOf(folder, '.h')),
    includeFolders: [own, core, kernels],
  }
}

/** Names what these sources become when they are built in this way. */
export function keyOf(sources: Sources, way: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(way)).update(kernelTable(sources.kernels))
  for (const path of [...sources.headers, ...sources.core, ...sources.kernels])
    hash.update(`\0${basename(dirname(path))}/${basename(path)}\0`).update(readFileSync(path))
  return hash.digest('hex').slice(0, 24)
}

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Sources {
  /** Compiled once. */
  core: string[]
  /** Compiled once for each instruction set. */
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

/** The engine's C++ sources: its own, and those in the ops' folders. */
export function findSources(): Sources {
  const root = join(packageRoot(), 'src')
  const engine = join(root, 'engines', 'native')
  const filesOf = (folder: string, extension: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(extension))
      .sort()
      .map((name) => join(folder, name))
  const folders = [join(engine, 'core'), join(engine, 'kernels')]
  const ops = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'engines')
    .map(({ name }) => join(root, name))
    .sort()
  return {
    core: filesOf(folders[0], '.cc'),
    kernels: [...filesOf(folders[1], '.cc'), ...ops.flatMap((folder) => filesOf(folder, '.cc'))],
    headers: [...folders, ...ops].flatMap((folder) => filesOf(folder, '.h')),
    includeFolders: folders,
  }
}

/** Names what these sources become when they are built in this way. */
export function keyOf(sources: Sources, way: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(way))
  for (const path of [...sources.headers, ...sources.core, ...sources.kernels])
    hash.update(`\0${basename(dirname(path))}/${basename(path)}\0`).update(readFileSync(path))
  return hash.digest('hex').slice(0, 24)
}

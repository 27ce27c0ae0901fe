import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs'
import { join, sep } from 'node:path'

/**
 * The regular files below a folder, through links too, sorted by code unit so that the order is the same on every machine.
 * Hidden ones are left out, and a link to a folder that it lies in is not followed: that has no end.
 *
 * @returns paths relative to the folder @throws file system errors
 */
export function filesBelow(folder: string): string[] {
  return collect(folder, '', [realpathSync(folder)]).sort((a, b) => (a < b ? -1 : 1))
}

/** @param above real paths of the folder and those that it lies in */
function collect(folder: string, path: string, above: string[]): string[] {
  return readdirSync(join(folder, path)).flatMap((name) => {
    if (name.startsWith('.')) return []
    const below = path === '' ? name : `${path}${sep}${name}`
    const found = statOf(join(folder, below))
    if (!found?.isDirectory()) return found?.isFile() ? [below] : []
    const real = realpathSync(join(folder, below))
    return above.includes(real) ? [] : collect(folder, below, [...above, real])
  })
}

/** @returns undefined for a link that leads nowhere, or to itself */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

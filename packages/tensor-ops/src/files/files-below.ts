import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs'
import { join, sep } from 'node:path'

/** Told of what lies there and is none of the files. */
type OnLeftOut = (path: string, reason: string) => void

/**
 * The regular files below a folder, through links too, sorted by code unit so that the order is the same on every machine.
 * Hidden ones are left out, and a link to a folder that it lies in is not followed: that has no end.
 *
 * @returns paths relative to the folder @throws file system errors
 */
export function filesBelow(folder: string, onLeftOut: OnLeftOut = () => {}): string[] {
  return collect(folder, '', [realpathSync(folder)], onLeftOut).sort((a, b) => (a < b ? -1 : 1))
}

/** @param above real paths of the folder and those that it lies in */
function collect(folder: string, path: string, above: string[], onLeftOut: OnLeftOut): string[] {
  return readdirSync(join(folder, path)).flatMap((name) => {
    const below = path === '' ? name : `${path}${sep}${name}`
    const leave = (reason: string) => {
      onLeftOut(below, reason)
      return []
    }
    if (name.startsWith('.')) return leave('is hidden: its name begins with a dot')
    const found = statOf(join(folder, below))
    if (!found) return leave('is a link that leads nowhere')
    if (!found.isDirectory()) return found.isFile() ? [below] : leave('is no regular file')
    const real = realpathSync(join(folder, below))
    if (above.includes(real)) return leave('is a link to a folder that it lies in')
    return collect(folder, below, [...above, real], onLeftOut)
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

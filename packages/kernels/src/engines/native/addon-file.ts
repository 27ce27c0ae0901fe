import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The name of an addon's file: the key of what it was built from, and the hash of its own bytes. One that was cut off or
 * altered is known by it: loaded, it would end the process.
 */
export const addonFileName = (key: string, bytes: Uint8Array): string => `${key}-${hashOf(bytes)}.node`

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 24)

export interface RefusedFile {
  path: string
  reason: string
}

/**
 * Looks for the addon of this key. Only one whose bytes are those in its name, that belongs to one of the owners and
 * that nobody else can write to is found; why others were passed over is told.
 *
 * @param owners ids of the users whose files are loaded; see `userId`
 */
export function findAddonFile(
  folder: string,
  key: string,
  owners: readonly (number | undefined)[],
): { path?: string; refused: RefusedFile[] } {
  const refused: RefusedFile[] = []
  for (const name of namesIn(folder).filter((name) => name.startsWith(`${key}-`) && name.endsWith('.node'))) {
    const path = join(folder, name)
    const reason = problemOf(path, key, name, owners)
    if (!reason) return { path, refused }
    refused.push({ path, reason })
  }
  return { refused }
}

function problemOf(path: string, key: string, name: string, owners: readonly (number | undefined)[]) {
  try {
    const { uid, mode } = statSync(path)
    if (userId() !== undefined && !owners.includes(uid)) return 'it belongs to another user'
    if (userId() !== undefined && mode & 0o022) return 'other users can write to it'
    const bytes = readFileSync(path)
    if (addonFileName(key, bytes) === name) return undefined
    return `it was cut off or altered: its ${bytes.length} bytes are not those that its name was made of`
  } catch (error) {
    return `it can't be read (${(error as Error).message})`
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Who runs this process; undefined where the system doesn't number users. */
export const userId = (): number | undefined => process.getuid?.()

/** One line about a file that was passed over. */
export const lineOf = ({ path, reason }: RefusedFile): string => `${path} is passed over: ${reason}`

/** Says so, a line for each. @param title what the files are */
export function tellRefused(refused: readonly RefusedFile[], title = 'native engine'): void {
  for (const each of refused) process.stderr.write(`${title}: ${lineOf(each)}\n`)
}

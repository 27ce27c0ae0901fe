import { UserError } from '@ttt-e2e/tensor-ops'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a folder for results where there is none. @throws UserError if nothing can be written there */
export function openOutputFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    const probe = join(folder, `.write-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new UserError(
      `nothing can be written to '${folder}' (${reason}); give --out a folder that can be written to`,
    )
  }
}

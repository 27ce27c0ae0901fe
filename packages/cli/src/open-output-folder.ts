import { asFileError, makeFolder } from '@ttt-e2e/tensor-ops/files'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a folder for results where there is none. @throws FileError if nothing can be written there */
export function openOutputFolder(folder: string, option = '--out'): void {
  try {
    makeFolder(folder)
    const probe = join(folder, `.write-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw asFileError(error, { path: folder, remains: `give ${option} a folder that can be written to` })
  }
}

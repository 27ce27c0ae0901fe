import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import { folderOnDisk } from '../../folders/folder-on-disk'
import type { ModelFolder } from '../../folders/model-folder'
import { orbax } from './format'

/** The newest checkpoint among those of Orbax, each in a folder named by its step; undefined where there is none. */
export function newestStep(folder: string): string | undefined {
  if (!isThere(folder)) return undefined
  const steps = readdirSync(folder)
    .filter((name) => /^\d{1,15}$/.test(name) && isThere(join(folder, name, 'model_weights')))
    .sort((a, b) => Number(a) - Number(b))
  return steps.length === 0 ? undefined : join(folder, steps.at(-1)!)
}

/** A checkpoint of Orbax, or the newest among several; undefined for a folder of anything else. */
export async function orbaxAt(path: string): Promise<ModelFolder | undefined> {
  const folder = folderOnDisk(newestStep(path) ?? path)
  return (await orbax.recognises(folder)) ? folder : undefined
}

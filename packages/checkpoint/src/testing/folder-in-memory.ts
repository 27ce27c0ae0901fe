import { bytesInMemory } from '@ttt-e2e/tensor-ops'
import type { ModelFolder } from '../folders/model-folder'

/** A folder of files that stand in memory; with `file` it is that file alone. */
export const folderInMemory = (
  files: Readonly<Record<string, Uint8Array | string>>,
  file?: string,
): ModelFolder => ({
  name: 'memory',
  ...(file !== undefined && { file }),
  open: async (name) => {
    if (!Object.hasOwn(files, name)) return undefined
    const content = files[name]
    return bytesInMemory(typeof content === 'string' ? new TextEncoder().encode(content) : content)
  },
})

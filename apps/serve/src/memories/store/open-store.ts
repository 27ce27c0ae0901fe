import type { Model } from '@ttt-e2e/checkpoint'
import type { MemoryStore } from './memory-store'

/**
 * Opens the store of a folder, with all that is there.
 *
 * @param onSkipped hears what is left aside, and why
 * @throws FileError or StoreError if it can't be used
 */
export async function openStore(
  place: string,
  model: Model,
  onSkipped: (reason: string) => void,
): Promise<MemoryStore> {
  const store = await openFiles(place, model, onSkipped)
  const foreign = (await store.list()).filter(({ modelHash }) => modelHash !== model.hash)
  if (foreign.length > 0)
    onSkipped(`memories of another model are left aside: ${foreign.length} in ${store.name}`)
  return store
}

// Loaded where it is asked for: it brings an addon.
async function openFiles(folder: string, model: Model, onSkipped: (reason: string) => void) {
  const [{ FilesStore }, { adoptFiles }] = await Promise.all([
    import('./files/files-store'),
    import('./files/adopt-files'),
  ])
  const store = new FilesStore(folder)
  await adoptFiles(folder, store, model, onSkipped)
  return store
}

import type { Model } from '@ttt-e2e/checkpoint'
import type { MemoryStore } from './memory-store'

/**
 * Opens a store, with all that is there.
 *
 * @param place a folder, `redis://host:port` or `s3://bucket/prefix`
 * @param onSkipped hears what is left aside, and why
 * @throws FileError or StoreError if it can't be used
 */
export async function openStore(
  place: string,
  model: Model,
  onSkipped: (reason: string) => void,
): Promise<MemoryStore> {
  const store = await open(place, model, onSkipped)
  const foreign = (await store.list()).filter(({ modelHash }) => modelHash !== model.hash)
  if (foreign.length > 0)
    onSkipped(`memories of another model are left aside: ${foreign.length} in ${store.name}`)
  return store
}

// Each is loaded where it is asked for: they bring an addon, or clients that not everyone has installed.
async function open(place: string, model: Model, onSkipped: (reason: string) => void): Promise<MemoryStore> {
  if (/^rediss?:/.test(place)) return (await import('./redis/redis-store')).RedisStore.open(new URL(place))
  if (place.startsWith('s3:')) return (await import('./s3/s3-store')).S3Store.open(new URL(place))
  return openFiles(place, model, onSkipped)
}

async function openFiles(folder: string, model: Model, onSkipped: (reason: string) => void) {
  const [{ FilesStore }, { adoptFiles }] = await Promise.all([
    import('./files/files-store'),
    import('./files/adopt-files'),
  ])
  const store = new FilesStore(folder)
  await adoptFiles(folder, store, model, onSkipped)
  return store
}

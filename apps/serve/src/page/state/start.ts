import { RequestError } from '../api/request-error'
import { client } from './client'
import { refreshMemories } from './memories'
import { state } from './page-state'
import { trying } from './problems'

/** Where a tab keeps its key; it ends with the tab. */
const keyName = 'ttt-e2e key'
/** Milliseconds until a server that wasn't ready is asked again. */
const patience = 1000

/** Asks the server what it serves, until it answers. */
export async function start(): Promise<void> {
  state.key.value ||= sessionStorage.getItem(keyName) ?? ''
  await trying('memories', async () => {
    try {
      state.model.value = await client.model()
      state.chats.value = await client.chats()
      await refreshMemories()
      state.chosen.value ??= state.memories.value.at(-1)?.id
      state.status.value = 'ready'
    } catch (error) {
      const { code } = error as RequestError
      if (code !== 'loading' && code !== 'unreachable') throw error
      state.status.value = code
      setTimeout(() => void start(), patience)
    }
  })
}

/** Tries a key that someone has given. */
export async function useKey(key: string): Promise<void> {
  state.key.value = key.trim()
  await start()
  if (state.status.value === 'ready') sessionStorage.setItem(keyName, state.key.value)
}

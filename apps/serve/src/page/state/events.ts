import { client } from './client'
import { state } from './page-state'
import { trying } from './problems'

/** Asks how a memory's reading went. */
export const loadEvents = (id: string) =>
  trying('events', async () => {
    state.events.value = await client.events(id)
  })

import type { MemoryAnswer } from '../api/api-client'
import { client } from './client'
import { nameOf, state, type Notice, type Tab } from './page-state'
import { trying } from './problems'

/** Characters of a name at the most. */
const longestName = 200

/** A text as a name of a memory: one line, not too long, and never nothing. */
export const asName = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  [...text.replace(/[\u0000-\u001f\u007f\s]+/g, ' ').trim()].slice(0, longestName).join('') || 'Untitled'

export async function refreshMemories(): Promise<void> {
  state.memories.value = await client.memories()
  if (!state.memories.value.some(({ id }) => id === state.chosen.value)) state.chosen.value = undefined
}

/** Shows a memory, or what makes a new one. */
export function choose(id: string | undefined, tab: Tab = 'ask'): void {
  state.chosen.value = id
  state.tab.value = tab
  state.problems.value = {}
}

/** Says what was done. Undoing it is tried once. */
export function announce(text: string, undo?: () => Promise<void>): void {
  const notice: Notice = { text }
  if (undo)
    notice.undo = async () => {
      state.notice.value = undefined
      const isUndone = await trying('memories', undo)
      await trying('memories', refreshMemories)
      if (isUndone) state.notice.value = { text: 'Undone.' }
    }
  state.notice.value = notice
}

export const fork = (memory: MemoryAnswer) =>
  trying('memories', async () => {
    const copy = await client.fork(memory.id, asName(`Fork of ${nameOf(memory)}`))
    const known = state.texts.value[memory.id]
    if (known) state.texts.value = { ...state.texts.value, [copy.id]: known }
    await refreshMemories()
    choose(copy.id)
    announce(`“${nameOf(memory)}” was forked: what the fork reads doesn’t change it.`, async () => {
      await client.forget(copy.id)
      choose(memory.id)
    })
  })

export const rename = (memory: MemoryAnswer, name: string) =>
  trying('name', async () => {
    await client.configure(memory.id, { name: asName(name) })
    await refreshMemories()
    announce(`It is called “${asName(name)}” now.`, async () => {
      await client.configure(memory.id, { name: nameOf(memory) })
    })
  })

/** For good: what a memory has read is nowhere else. */
export const forget = (memory: MemoryAnswer) =>
  trying('memories', async () => {
    await client.forget(memory.id)
    await refreshMemories()
    announce(`“${nameOf(memory)}” was forgotten.`)
  })

/** Makes the memory that this one was forked from what this one is. */
export const putBack = (parent: MemoryAnswer, memory: MemoryAnswer) =>
  trying('memories', async () => {
    await client.reset(parent.id, memory.id)
    await refreshMemories()
    choose(parent.id)
    announce(`“${nameOf(parent)}” is what “${nameOf(memory)}” is.`)
  })

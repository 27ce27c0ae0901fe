import type { ApiClient, ChatMessage } from '../api/api-client'
import { client } from './client'
import { state, type Turn } from './page-state'
import { GivenError, trying } from './problems'

const turnsOf = (id: string): readonly Turn[] => state.turns.value[id] ?? []

const setTurns = (id: string, turns: readonly Turn[]) => {
  state.turns.value = { ...state.turns.value, [id]: turns }
}

/** Asks a memory, after all that was asked before. It never changes by that. @returns whether it was asked */
export async function ask(id: string, prompt: string): Promise<boolean> {
  const stopping = new AbortController()
  const earlier = turnsOf(id)
  return trying('prompt', async () => {
    if (prompt === '')
      throw new GivenError(
        'prompt',
        state.chats.value ? 'Write a question first.' : 'Write how it begins first.',
      )
    state.answering.value = { id, stop: () => stopping.abort() }
    let answer = ''
    setTurns(id, [...earlier, { prompt, answer }])
    try {
      for await (const piece of answered(client, { id, earlier, prompt, signal: stopping.signal })) {
        answer += piece
        setTurns(id, [...earlier, { prompt, answer }])
      }
    } catch (error) {
      if (!stopping.signal.aborted) setTurns(id, earlier)
      if (!stopping.signal.aborted) throw error
    } finally {
      state.answering.value = undefined
    }
  })
}

/** Begins anew: what was asked before is not asked again. */
export const clearTurns = (id: string): void => setTurns(id, [])

interface Question {
  id: string
  earlier: readonly Turn[]
  prompt: string
  signal: AbortSignal
}

/** A model that has a form for conversations is asked in it, another one goes on from all that was written. */
function answered(
  api: ApiClient,
  { id, earlier, prompt, signal }: Question,
): AsyncGenerator<string, void, void> {
  const sampling = { ...state.sampling.value, memory: id }
  if (!state.chats.value) {
    const before = earlier.map((turn) => turn.prompt + turn.answer).join('')
    return api.goOn(before + prompt, sampling, signal)
  }
  const messages = earlier.flatMap((turn): ChatMessage[] => [
    { role: 'user', content: turn.prompt },
    { role: 'assistant', content: turn.answer },
  ])
  return api.chat([...messages, { role: 'user', content: prompt }], sampling, signal)
}

import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { MemoryAnswer } from '../api/api-client'
import { blamed, Problem } from '../parts/problem'
import { ask, clearTurns } from '../state/ask'
import { state, type Turn } from '../state/page-state'
import { SamplingFields } from './sampling-fields'

/** A conversation with a memory; one with a model that has no form for conversations is a text that both write on. */
export function Conversation({ memory: { id } }: { memory: MemoryAnswer }): VNode {
  const turns = state.turns.value[id] ?? []
  const answering = state.answering.value
  return (
    <>
      {turns.length === 0 ? <FirstWords /> : <Turns turns={turns} isAnswering={answering?.id === id} />}
      <Composer id={id} />
      {turns.length > 0 && answering?.id !== id && (
        <button type="button" class="link" onClick={() => clearTurns(id)}>
          Begin anew
        </button>
      )}
      <SamplingFields learns />
    </>
  )
}

function FirstWords(): VNode {
  return state.chats.value ? (
    <p class="lead">Ask it about what it has read. Its memory stays as it is, whatever you say.</p>
  ) : (
    <p class="lead">
      This model answers no questions: it goes on from a text. Write how a sentence begins, and it goes on
      from there and from all that this memory has read, which stays as it is.
    </p>
  )
}

function Turns({ turns, isAnswering }: { turns: readonly Turn[]; isAnswering: boolean }): VNode {
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [turns])
  return (
    <div class="turns" role="log" aria-label="Conversation" aria-busy={isAnswering}>
      {turns.map(({ prompt, answer }, i) => (
        <div key={i} class="turn">
          <p class="prompt">
            <span class="visually-hidden">You wrote: </span>
            {prompt}
          </p>
          <p class="answer">
            <span class="visually-hidden">It went on: </span>
            {answer}
            {isAnswering && i === turns.length - 1 && <span class="cursor" aria-hidden="true" />}
          </p>
        </div>
      ))}
      <div ref={end} />
    </div>
  )
}

function Composer({ id }: { id: string }): VNode {
  const [prompt, setPrompt] = useState('')
  const answering = state.answering.value
  const chats = state.chats.value
  const send = async () => {
    setPrompt('')
    if (!(await ask(id, prompt))) setPrompt(prompt)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || answering) return
    event.preventDefault()
    void send()
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <label for="prompt">{chats ? 'Your question' : 'What it goes on from'}</label>
      <textarea
        id="prompt"
        rows={2}
        value={prompt}
        onInput={({ currentTarget }) => setPrompt(currentTarget.value)}
        onKeyDown={onKeyDown}
        {...blamed('prompt')}
      />
      <Problem of="prompt" />
      <div class="buttons">
        {answering ? (
          <button type="button" onClick={answering.stop}>
            Stop
          </button>
        ) : (
          <button type="submit" class="primary">
            {chats ? 'Ask' : 'Go on'}
          </button>
        )}
        <span class="quiet hint">Enter sends it, Shift and Enter begins a line.</span>
      </div>
    </form>
  )
}

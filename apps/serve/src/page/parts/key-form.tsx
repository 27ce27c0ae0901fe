import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { useKey } from '../state/start'
import { blamed, Problem } from './problem'

/** Asks for what the server lets people in by. */
export function KeyForm(): VNode {
  const [key, setKey] = useState('')
  const submit = (event: Event) => {
    event.preventDefault()
    void useKey(key)
  }
  return (
    <form onSubmit={submit} class="panel">
      <h1>This server needs a key</h1>
      <p class="quiet">Whoever runs it has one for you. This tab keeps it until it is closed.</p>
      <label for="key">API key</label>
      <div class="in-line">
        <input
          id="key"
          type="password"
          autocomplete="off"
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
          {...blamed('key')}
        />
        <button type="submit" class="primary">
          Go in
        </button>
      </div>
      <Problem of="key" />
    </form>
  )
}

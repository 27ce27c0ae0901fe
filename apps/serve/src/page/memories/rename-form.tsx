import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { MemoryAnswer } from '../api/api-client'
import { blamed } from '../parts/problem'
import { rename } from '../state/memories'
import { nameOf } from '../state/page-state'

/** Gives a memory another name, where its name stood. Escape leaves it as it is. */
export function RenameForm({ memory, onDone }: { memory: MemoryAnswer; onDone: () => void }): VNode {
  const [name, setName] = useState(nameOf(memory))
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  const submit = async (event: Event) => {
    event.preventDefault()
    if (name === nameOf(memory) || (await rename(memory, name))) onDone()
  }
  return (
    <form onSubmit={submit} onKeyDown={({ key }) => key === 'Escape' && onDone()}>
      <h1 id="memory-name" class="visually-hidden">
        {nameOf(memory)}
      </h1>
      <label for="name">Name</label>
      <div class="in-line">
        <input
          id="name"
          ref={field}
          value={name}
          maxLength={200}
          autocomplete="off"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
          {...blamed('name')}
        />
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  )
}

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { choose } from '../state/memories'
import { nameOf, state } from '../state/page-state'
import { treeOf, type Branch } from './tree-of'

/** All memories, forks below what they were forked from. On a phone they open at a button. */
export function MemoryTree(): VNode {
  const [isOpen, setOpen] = useState(false)
  const branches = treeOf(state.memories.value)
  const reading = state.reading.value
  const pick = (id?: string) => {
    choose(id)
    setOpen(false)
  }
  return (
    <nav class="memories" aria-label="Memories">
      <button type="button" class="unfold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Memories ({state.memories.value.length})
      </button>
      <div class={isOpen ? 'folded open' : 'folded'}>
        <h2>Memories</h2>
        <button
          type="button"
          class="new"
          aria-current={state.chosen.value === undefined ? 'page' : undefined}
          onClick={() => pick()}
        >
          <span aria-hidden="true">+ </span>New memory
        </button>
        {reading && (
          <button
            type="button"
            class="new"
            onClick={() => (choose(reading.into?.id, 'more'), setOpen(false))}
          >
            Reading {reading.name}, {Math.floor(100 * reading.done)} %
          </button>
        )}
        {branches.length > 0 ? (
          <Branches branches={branches} onPick={pick} />
        ) : (
          <p class="quiet">None yet. What the model has read will stand here.</p>
        )}
      </div>
    </nav>
  )
}

function Branches({
  branches,
  onPick,
}: {
  branches: readonly Branch[]
  onPick: (id: string) => void
}): VNode {
  return (
    <ul>
      {branches.map(({ memory, forks }) => (
        <li key={memory.id}>
          <button
            type="button"
            aria-current={memory.id === state.chosen.value ? 'page' : undefined}
            onClick={() => onPick(memory.id)}
          >
            <span class="name">{nameOf(memory)}</span>
            <span class="quiet">{sizeOf(memory)}</span>
          </button>
          {forks.length > 0 && <Branches branches={forks} onPick={onPick} />}
        </li>
      ))}
    </ul>
  )
}

const sizeOf = ({ tokens, expires }: { tokens: number; expires: number | null }) =>
  `${counted(tokens, 'token', { as: tokens.toLocaleString('en') })}${expires === null ? '' : ` · until ${timeOf(expires)}`}`

const timeOf = (seconds: number) =>
  new Date(seconds * 1000).toLocaleString('en', { weekday: 'short', hour: '2-digit', minute: '2-digit' })

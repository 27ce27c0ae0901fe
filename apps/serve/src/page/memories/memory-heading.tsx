import { counted } from '@ttt-e2e/tensor-ops/counted'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { MemoryAnswer } from '../api/api-client'
import { Problem } from '../parts/problem'
import { SureDialog } from '../parts/sure-dialog'
import { choose, forget, fork, putBack } from '../state/memories'
import { memoryOf, nameOf } from '../state/page-state'
import { RenameForm } from './rename-form'

/** What a memory is called, what it is, and what can be done with all of it. */
export function MemoryHeading({ memory }: { memory: MemoryAnswer }): VNode {
  const [open, setOpen] = useState<'nothing' | 'name' | 'sure'>('nothing')
  const close = () => setOpen('nothing')
  const parent = memoryOf(memory.parent ?? undefined)
  return (
    <div class="memory-heading">
      {open === 'name' ? (
        <RenameForm memory={memory} onDone={close} />
      ) : (
        <h1 id="memory-name">{nameOf(memory)}</h1>
      )}
      <p class="quiet">
        {counted(memory.tokens, 'token', { as: memory.tokens.toLocaleString('en') })} read,{' '}
        {counted(memory.steps, 'step', { as: memory.steps.toLocaleString('en') })} of learning;{' '}
        {Math.ceil(memory.bytes / 1024).toLocaleString('en')} KB, however much more it reads.
      </p>
      {parent && (
        <p class="quiet">
          A fork of{' '}
          <button type="button" class="link" onClick={() => choose(parent.id)}>
            {nameOf(parent)}
          </button>
        </p>
      )}
      <div class="buttons">
        {open !== 'name' && (
          <button type="button" onClick={() => setOpen('name')}>
            Rename
          </button>
        )}
        <button type="button" onClick={() => void fork(memory)}>
          Fork
        </button>
        {parent && memory.expires !== null && (
          <button type="button" onClick={() => void putBack(parent, memory)}>
            Go back to this
          </button>
        )}
        <button type="button" onClick={() => setOpen('sure')}>
          Forget
        </button>
      </div>
      <Problem of="name" />
      {open === 'sure' && (
        <SureDialog
          title={`Forget “${nameOf(memory)}”?`}
          does="Forget it"
          onSure={() => void forget(memory)}
          onClose={close}
        >
          <p>What it has learned is kept nowhere else. Its forks stay.</p>
        </SureDialog>
      )}
    </div>
  )
}

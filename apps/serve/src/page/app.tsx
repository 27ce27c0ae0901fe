import type { VNode } from 'preact'
import { MemoryView } from './memories/memory-view'
import { MemoryTree } from './memories/memory-tree'
import { NoticeBar } from './parts/notice-bar'
import { Problem } from './parts/problem'
import { KeyForm } from './parts/key-form'
import { NewMemory } from './reading/new-memory'
import { memoryOf, state } from './state/page-state'

const waiting = {
  starting: 'One moment…',
  loading: 'The model is being loaded. This page goes on as soon as it is there.',
  unreachable: `The server at ${location.host} doesn’t answer. See whether it still runs; this page asks it again every second.`,
}

/** The whole page. */
export function App(): VNode {
  const status = state.status.value
  return (
    <>
      <PageHeader />
      {status === 'ready' ? (
        <div class="columns">
          <MemoryTree />
          <main>
            <NoticeBar />
            <Problem of="memories" />
            <Chosen />
          </main>
        </div>
      ) : (
        <main class="alone">
          {status === 'needs-key' ? <KeyForm /> : <p role="status">{waiting[status]}</p>}
          <Problem of="memories" />
        </main>
      )}
    </>
  )
}

function PageHeader(): VNode {
  const model = state.model.value
  return (
    <header class="page-header">
      <p class="brand">A model that learns while it reads</p>
      {model && (
        <p class="quiet model">
          <span class="visually-hidden">Model: </span>
          {model.id}
        </p>
      )}
      <nav aria-label="Pages that compute in your browser" class="quiet">
        <a href="read/">Read</a> <a href="meta-train/">Meta-train</a>
      </nav>
    </header>
  )
}

function Chosen(): VNode {
  const memory = memoryOf(state.chosen.value)
  return memory ? <MemoryView key={memory.id} memory={memory} /> : <NewMemory />
}

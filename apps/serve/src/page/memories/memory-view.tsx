import type { VNode } from 'preact'
import type { MemoryAnswer } from '../api/api-client'
import { Conversation } from '../asking/conversation'
import { Compare } from '../comparing/compare'
import { History } from '../history/history'
import { ReadMore } from '../reading/read-more'
import { state, type Tab } from '../state/page-state'
import { MemoryHeading } from './memory-heading'

const tabs: readonly { tab: Tab; title: string; Panel: (props: { memory: MemoryAnswer }) => VNode }[] = [
  { tab: 'ask', title: 'Ask', Panel: Conversation },
  { tab: 'history', title: 'What it read', Panel: History },
  { tab: 'more', title: 'Read more', Panel: ReadMore },
  { tab: 'compare', title: 'Compare', Panel: Compare },
]
const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 }

/** A memory, and all that can be done with it. */
export function MemoryView({ memory }: { memory: MemoryAnswer }): VNode {
  const shown = tabs.findIndex(({ tab }) => tab === state.tab.value)
  const { Panel } = tabs[shown]
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = tabs[(shown + step + tabs.length) % tabs.length].tab
    state.tab.value = next
    document.getElementById(`tab-${next}`)?.focus()
  }
  return (
    <article aria-labelledby="memory-name">
      <MemoryHeading memory={memory} />
      <div class="tabs" role="tablist" aria-label="What to do with it" onKeyDown={onKeyDown}>
        {tabs.map(({ tab, title }, i) => (
          <button
            key={tab}
            id={`tab-${tab}`}
            type="button"
            role="tab"
            aria-selected={i === shown}
            aria-controls="panel"
            tabIndex={i === shown ? 0 : -1}
            onClick={() => (state.tab.value = tab)}
          >
            {title}
          </button>
        ))}
      </div>
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${tabs[shown].tab}`} class="tab-panel">
        <Panel memory={memory} />
      </div>
    </article>
  )
}

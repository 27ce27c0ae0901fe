import type { VNode } from 'preact'
import type { MemoryEvents } from '../api/api-client'
import { comparison } from '../state/compare'
import { state } from '../state/page-state'

type Passage = MemoryEvents['passages'][number]

/** Passages that are shown at first. */
const fewest = 5

/** The passages that moved a memory's weights most, the strongest first. */
export function Passages({
  passages,
  hasRead,
}: {
  passages: readonly Passage[]
  hasRead: boolean
}): VNode | null {
  if (passages.length === 0 && !hasRead) return null
  const strongest = passages.toSorted((a, b) => b.moved - a.moved)
  const most = strongest[0]?.moved ?? 0
  return (
    <section aria-labelledby="passages-title">
      <h2 id="passages-title">What moved its weights most</h2>
      {passages.length === 0 && (
        <p class="quiet">
          Nothing was measured: the texts were read without asking for it, or are shorter than a step.
        </p>
      )}
      <PassageList passages={strongest.slice(0, fewest)} most={most} />
      {strongest.length > fewest && (
        <details>
          <summary>{strongest.length - fewest} more</summary>
          <PassageList passages={strongest.slice(fewest)} most={most} />
        </details>
      )}
    </section>
  )
}

function PassageList({ passages, most }: { passages: readonly Passage[]; most: number }): VNode {
  return (
    <ol class="passages">
      {passages.map((passage) => (
        <PassageItem key={passage.from} passage={passage} most={most} />
      ))}
    </ol>
  )
}

function PassageItem({ passage, most }: { passage: Passage; most: number }): VNode {
  const { text, from, moved, loss } = passage
  const look = () => {
    comparison.text.value = text
    comparison.how.value = 'surprises'
    comparison.outcomes.value = undefined
    state.tab.value = 'compare'
  }
  return (
    <li>
      <blockquote>{text}…</blockquote>
      <meter min={0} max={most} value={moved} aria-label="How far it moved the weights" />
      <p class="quiet">
        after {from.toLocaleString('en')} tokens; moved the weights by {moved.toPrecision(2)}
        {loss !== null && `, at ${loss.toFixed(2)} nats per token`}
      </p>
      <button type="button" onClick={look}>
        Look at it closely
      </button>
    </li>
  )
}

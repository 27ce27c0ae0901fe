import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { MemoryAnswer, MemoryEvents } from '../api/api-client'
import { LossCurve } from '../parts/loss-curve'
import { Problem } from '../parts/problem'
import { SurpriseScale, SurpriseText } from '../parts/surprise-text'
import { loadEvents } from '../state/events'
import { state, type KnownText } from '../state/page-state'
import { levelsOf, stretchesOf } from '../state/surprise'
import { Passages } from './passages'

/** What a memory has read: how well it was predicted, what surprised, what moved the weights. */
export function History({ memory }: { memory: MemoryAnswer }): VNode {
  const { id, version } = memory
  useEffect(() => void loadEvents(id), [id, version])
  const events = state.events.value?.id === id ? state.events.value : undefined
  const texts = state.texts.value[id] ?? []
  return (
    <>
      <Problem of="events" />
      {events && events.losses.length === 0 ? (
        <p>It has read nothing yet. Give it a text under “Read more”.</p>
      ) : (
        events && <Curve events={events} />
      )}
      {texts.map((text, i) => (
        <MarkedText key={i} text={text} />
      ))}
      {events && <Passages passages={events.passages} hasRead={events.losses.length > 0} />}
    </>
  )
}

function Curve({ events: { losses } }: { events: MemoryEvents }): VNode {
  const stretches = losses.flatMap(({ from, tokens, loss }) =>
    loss === null ? [] : [{ end: from + tokens, loss }],
  )
  return (
    <section aria-labelledby="curve-title">
      <h2 id="curve-title">How well it predicted</h2>
      <p class="quiet">The lower, the better: it predicts each token before it reads it.</p>
      <LossCurve stretches={stretches} table />
    </section>
  )
}

function MarkedText({ text: { name, text, ends, stretches } }: { text: KnownText }): VNode {
  const parts = stretchesOf(text, ends, stretches)
  const last = stretches.at(-1)
  return (
    <section aria-label={`What surprised it in ${name}`}>
      <h2>What surprised it in {name}</h2>
      <SurpriseScale />
      <SurpriseText parts={parts} level={levelsOf(parts)} label={name} />
      <p class="quiet">
        Each stretch is marked by how badly it was predicted when it was read.
        {last && ends.length < last.end && ' This is the beginning of the text.'} The server keeps no texts:
        this is gone when the page is closed.
      </p>
    </section>
  )
}

import type { VNode } from 'preact'
import { state } from '../state/page-state'
import { PickerOrProgress } from './picker-or-progress'

/** Makes a memory of a text: what people see first. */
export function NewMemory(): VNode {
  const chunk = state.model.value?.chunk ?? 0
  return (
    <section aria-labelledby="new-title">
      <h1 id="new-title">Give it something to read</h1>
      <p class="lead">
        A book, a diary, a log.{' '}
        {chunk > 0
          ? `After every ${chunk} tokens the model takes a step of learning, so that what it reads moves into its weights.`
          : 'The model keeps what it reads in a state of one size.'}{' '}
        What comes of it is a memory: ask it, fork it, let it read more.
      </p>
      <PickerOrProgress does="Read it" />
    </section>
  )
}

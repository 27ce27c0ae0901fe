import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { MemoryAnswer } from '../api/api-client'
import { SamplingFields } from '../asking/sampling-fields'
import { blamed, Problem } from '../parts/problem'
import { compare, comparison, setSide, type Comparing } from '../state/compare'
import { Outcomes } from './outcomes'
import { SideFields } from './side-fields'

const ways: Record<Comparing, string> = {
  answers: 'how they go on from it',
  surprises: 'how much it surprises them',
}

/** Two memories, or one with learning and without, given the same. */
export function Compare({ memory: { id } }: { memory: MemoryAnswer }): VNode {
  // The memory that is looked at, beside the model that has read nothing.
  useEffect(() => setSide(0, { id }), [id])
  const stop = comparison.stop.value
  const submit = (event: Event) => {
    event.preventDefault()
    void compare()
  }
  return (
    <form onSubmit={submit}>
      <p>
        Both are given the same text and draw with the same chances: what differs is what they have read, or
        whether they learn.
      </p>
      <div class="sides">
        <SideFields index={0} title="This" />
        <SideFields index={1} title="beside" />
      </div>
      <label for="compared">A text</label>
      <textarea
        id="compared"
        rows={3}
        value={comparison.text.value}
        onInput={({ currentTarget }) => (comparison.text.value = currentTarget.value)}
        {...blamed('compared')}
      />
      <Problem of="compared" />
      <fieldset class="ways">
        <legend>What to compare</legend>
        {(Object.keys(ways) as Comparing[]).map((how) => (
          <label key={how}>
            <input
              type="radio"
              name="how"
              checked={comparison.how.value === how}
              onChange={() => {
                comparison.how.value = how
                comparison.outcomes.value = undefined
              }}
            />
            <span>{ways[how]}</span>
          </label>
        ))}
      </fieldset>
      <div class="buttons">
        {stop ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit" class="primary">
            Compare
          </button>
        )}
      </div>
      {comparison.how.value === 'answers' && <SamplingFields />}
      <Outcomes />
    </form>
  )
}

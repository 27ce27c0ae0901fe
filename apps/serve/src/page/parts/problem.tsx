import type { VNode } from 'preact'
import { state, type Place } from '../state/page-state'

/** One sentence beside what it is of; read out when it comes. */
export function Problem({ of }: { of: Place }): VNode {
  return (
    <div role="alert" id={`problem-${of}`}>
      {state.problems.value[of] && <p class="problem">{state.problems.value[of]}</p>}
    </div>
  )
}

/** What ties a field to its problem. */
export const blamed = (place: Place) =>
  state.problems.value[place] === undefined
    ? {}
    : ({ 'aria-invalid': true, 'aria-describedby': `problem-${place}` } as const)

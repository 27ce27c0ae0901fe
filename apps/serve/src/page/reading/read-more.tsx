import type { VNode } from 'preact'
import type { MemoryAnswer } from '../api/api-client'
import { PickerOrProgress } from './picker-or-progress'

/** Lets a memory read on. */
export function ReadMore({ memory }: { memory: MemoryAnswer }): VNode {
  return (
    <>
      <p>
        It goes on from all that it has read. As it is now, it is kept for a day, so that this can be undone.
      </p>
      <PickerOrProgress does="Read it, too" into={memory} />
    </>
  )
}

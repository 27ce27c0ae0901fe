import type { VNode } from 'preact'
import type { MemoryAnswer } from '../api/api-client'
import { state } from '../state/page-state'
import { readText } from '../state/read-text'
import { ReadingProgress } from './reading-progress'
import { TextPicker } from './text-picker'

/** Lets a memory read on. */
export function ReadMore({ memory }: { memory: MemoryAnswer }): VNode {
  const reading = state.reading.value
  if (reading) return <ReadingProgress reading={reading} />
  return (
    <>
      <p>It goes on from all that it has read. As it is now, it is kept for a day, so that this can be undone.</p>
      <TextPicker does="Read it, too" onText={(source) => readText(source, memory)} />
    </>
  )
}

import type { VNode } from 'preact'
import type { MemoryAnswer } from '../api/api-client'
import { state } from '../state/page-state'
import { readText } from '../state/read-text'
import { ReadingProgress } from './reading-progress'
import { TextPicker } from './text-picker'

/** Takes a text and shows how it is read; there is one at a time. @param props.into a memory that reads it, else a new one */
export function PickerOrProgress({ does, into }: { does: string; into?: MemoryAnswer }): VNode {
  const reading = state.reading.value
  return (
    <>
      {reading && <ReadingProgress reading={reading} />}
      {/* It stays, out of sight: what was given isn't lost where it can't be read. */}
      <div hidden={reading !== undefined}>
        <TextPicker does={does} onText={(source, learn) => readText(source, { into, learn })} />
      </div>
    </>
  )
}

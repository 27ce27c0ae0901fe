import type { VNode } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { example } from '../../site/shared/example'
import { blamed, Problem } from '../parts/problem'
import { Switch } from '../parts/switch'
import { learns } from '../state/page-state'
import { ofAddress, ofFile, ofPasted, type TextSource } from '../state/text-source'
import { clear, trying } from '../state/problems'

const exampleText: TextSource = {
  name: 'The Ledger of the Lamp-house',
  content: new Blob([example]),
  place: 'text',
}

interface TextPickerProps {
  /** What the button that reads it says. */
  does: string
  /** @param learn whether to learn from it @returns whether it was read */
  onText: (source: TextSource, learn: boolean) => Promise<boolean>
}

/** Takes a text: a file that is chosen, dropped or pasted, words that are pasted, or an address of this machine. */
export function TextPicker({ does, onText }: TextPickerProps): VNode {
  const [taken, setTaken] = useState<TextSource | undefined>(undefined)
  const [text, setText] = useState('')
  const [isOver, setOver] = useState(false)
  const [learn, setLearn] = useState(true)
  const take = (source: TextSource | undefined) => {
    for (const place of ['text', 'file', 'address'] as const) clear(place)
    setTaken(source)
  }
  const takeFile = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (file) take(ofFile(file))
    return file !== undefined
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    if (await onText(taken ?? ofPasted(text), learn)) {
      take(undefined)
      setText('')
    }
  }
  return (
    <form
      class={isOver ? 'picker over' : 'picker'}
      onSubmit={submit}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        takeFile(event.dataTransfer?.files)
      }}
      onPaste={(event) => takeFile(event.clipboardData?.files) && event.preventDefault()}
    >
      {taken ? (
        <>
          <TakenText source={taken} onDrop={() => take(undefined)} />
          <Problem of={taken.place} />
        </>
      ) : (
        <>
          <FileField onFiles={takeFile} />
          <label for="text">or paste a text</label>
          <textarea
            id="text"
            rows={5}
            value={text}
            onInput={({ currentTarget }) => (clear('text'), setText(currentTarget.value))}
            {...blamed('text')}
          />
          <Problem of="text" />
          <AddressField onText={take} />
          <button type="button" class="link" onClick={() => take(exampleText)}>
            or take an example
          </button>
        </>
      )}
      {learns() && <Switch name="Learn from it" on={learn} onFlip={() => setLearn(!learn)} />}
      <div class="buttons">
        <button type="submit" class="primary">
          {does}
        </button>
      </div>
    </form>
  )
}

/** A button for files, in the middle of where they can be dropped. */
function FileField({ onFiles }: { onFiles: (files: FileList | null) => void }): VNode {
  const field = useRef<HTMLInputElement>(null)
  return (
    <div class="drop">
      <label for="file">Drop a text file here, or</label>
      <input
        id="file"
        ref={field}
        type="file"
        accept="text/*,.txt,.md,.csv,.json,.html"
        onChange={() => onFiles(field.current!.files)}
        {...blamed('file')}
      />
      <Problem of="file" />
    </div>
  )
}

function TakenText({ source, onDrop }: { source: TextSource; onDrop: () => void }): VNode {
  const { name, content } = source
  return (
    <p class="taken" role="status">
      <strong>{name}</strong> <span class="quiet">{sizeInWords(content.size)}</span>{' '}
      <button type="button" onClick={onDrop}>
        Take another
      </button>
    </p>
  )
}

/** An address that a text is fetched from by the browser, never by the server. */
function AddressField({ onText }: { onText: (source: TextSource) => void }): VNode {
  const [address, setAddress] = useState('')
  const fetchText = () => trying('address', async () => onText(await ofAddress(address)))
  return (
    <details class="address">
      <summary>or take it from an address of this machine</summary>
      <label for="address">Address</label>
      <div class="in-line">
        <input
          id="address"
          inputMode="url"
          placeholder="http://localhost:3000/book.txt"
          value={address}
          onInput={({ currentTarget }) => setAddress(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            void fetchText()
          }}
          {...blamed('address')}
        />
        <button type="button" onClick={() => void fetchText()}>
          Fetch it
        </button>
      </div>
      <Problem of="address" />
    </details>
  )
}

function sizeInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

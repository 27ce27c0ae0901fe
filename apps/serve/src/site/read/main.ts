import { proxy, type Remote } from 'comlink'
import { element, on, say } from '../shared/element'
import { EngineOfPage } from '../shared/engine-of-page'
import { example } from '../shared/example'
import { LossView } from './loss-view'
import type { Learning, ReadingSession } from './reading-session'
import type { ReadWorker } from './worker'

const [text, prompt] = [element('text', HTMLTextAreaElement), element('prompt', HTMLTextAreaElement)]
const [file, load] = [element('file', HTMLInputElement), element('load', HTMLInputElement)]
const learning = element('learning', HTMLInputElement)
const answer = element('answer', HTMLElement)
const progress = element('progress', HTMLProgressElement)
const choice = element('engine', HTMLSelectElement)
const button = (id: string) => element(id, HTMLButtonElement)
const [read, pause, ask, stop, save, forget] = ['read', 'pause', 'ask', 'stop', 'save', 'forget'].map(button)

const engine = new EngineOfPage<ReadWorker>({
  start: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  choice,
  line: element('engine-line', HTMLElement),
})
const losses = new LossView()
let session: Remote<ReadingSession> | undefined
let reading = new AbortController()
let pausedAt: { text: string; total: number } | undefined
/** The seed of the answers, where the page's address names one. */
const seed = new URLSearchParams(location.search).get('seed')

const switched = (): Learning => (learning.checked ? 'on' : 'off')

/** Lets people do what can be done now. */
function enable(busy: 'reading' | 'answering' | 'working' | undefined): void {
  const ready = session !== undefined && busy === undefined
  for (const each of [read, ask, save, forget, load]) each.disabled = !ready
  choice.disabled = busy !== undefined
  pause.disabled = busy !== 'reading'
  stop.disabled = busy !== 'answering'
  progress.hidden = busy !== 'reading'
}

async function showMemory(): Promise<void> {
  if (!session) return
  const { tokens, steps, bytes } = await session.facts(switched())
  const learned = switched() === 'on' ? `learned in ${steps} steps` : 'not learning'
  element('memory', HTMLElement).textContent =
    tokens === 0
      ? 'It has read nothing yet.'
      : `The answer comes from a memory that has read ${tokens} bytes, ${learned}, and takes ${(bytes / 1024).toFixed(0)} KiB.`
}

/** Starts the engine and loads the model: whatever a page had read before is gone with its worker. */
async function startEngine(): Promise<void> {
  session = undefined
  setPaused(undefined)
  enable('working')
  say('The model is being loaded (1.8 MB).')
  try {
    session = await (await engine.start()).start()
    losses.clear()
    await showMemory()
    say('The model is ready.')
  } catch (error) {
    say((error as Error).message, true)
  }
  enable(undefined)
}

/** Does what a button asks for. An engine that is lost on the way is made anew. */
async function doing(
  what: 'reading' | 'answering' | 'working',
  work: (own: Remote<ReadingSession>) => Promise<void>,
) {
  if (!session) return
  enable(what)
  try {
    await work(session)
    await showMemory()
  } catch (error) {
    const { message } = error as Error
    if (!(await engine.computes())) {
      await startEngine()
      say(`${message} — the engine was made anew; read the text again, or load a saved memory.`, true)
    } else say(message, true)
  }
  enable(undefined)
}

/** Reads the text, or goes on where it was paused. */
async function readText(own: Remote<ReadingSession>): Promise<void> {
  if (text.value === '') return say('There is nothing to read: paste a text, or choose a file.', true)
  const { signal } = (reading = new AbortController())
  const total = pausedAt?.text === text.value ? pausedAt.total : await own.take(text.value)
  setPaused(undefined)
  say(`Reading ${total} bytes.`)
  progress.max = total
  progress.value = 0
  while (!signal.aborted) {
    const piece = await own.readPiece()
    if (!piece) return say(`${total} bytes read.`)
    progress.value = piece.done
    losses.add(piece.nats)
  }
  setPaused({ text: text.value, total })
  say(`Paused after ${progress.value} of ${total} bytes.`)
}

/** What was left unread of which text, if anything. */
function setPaused(at: typeof pausedAt): void {
  pausedAt = at
  read.textContent = at ? 'Go on reading' : 'Read it'
}

async function giveAnswer(own: Remote<ReadingSession>): Promise<void> {
  answer.textContent = ''
  const asking = {
    learning: switched(),
    prompt: prompt.value,
    maxTokens: 300,
    temperature: 0.5,
    ...(seed !== null && { seed: Number(seed) }),
  }
  say(`Answering ${learning.checked ? 'with' : 'without'} what was learned.`)
  await own.ask(
    asking,
    proxy((piece) => answer.append(piece)),
  )
  say('Answered.')
}

async function saveMemory(own: Remote<ReadingSession>): Promise<void> {
  const bytes = await own.save(switched())
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]))
  link.download = 'memory.safetensors'
  link.click()
  URL.revokeObjectURL(link.href)
  say(`The memory was saved as ${link.download}.`)
}

async function takeFile(given: File | undefined): Promise<void> {
  if (!given) return
  try {
    text.value = new TextDecoder('utf-8', { fatal: true }).decode(await given.arrayBuffer())
    say(`${given.name}: ${given.size} bytes.`)
  } catch {
    say(`${given.name} is not text in UTF-8.`, true)
  }
}

on(read, 'click', () => doing('reading', readText))
on(pause, 'click', () => reading.abort())
on(ask, 'click', () => doing('answering', giveAnswer))
on(stop, 'click', () => session?.stop())
on(save, 'click', () => doing('working', saveMemory))
on(forget, 'click', () =>
  doing('working', async (own) => {
    await own.forget()
    setPaused(undefined)
    losses.clear()
    answer.textContent = ''
    say('Everything was forgotten.')
  }),
)
on(load, 'change', () =>
  doing('working', async (own) => {
    const [given] = load.files ?? []
    if (!given) return
    load.value = ''
    await own.load(new Uint8Array(await given.arrayBuffer()), given.name)
    setPaused(undefined)
    losses.clear()
    say(`${given.name} was loaded: it goes on from there.`)
  }),
)
on(file, 'change', () => takeFile(file.files?.[0]))
on(button('example'), 'click', () => {
  text.value = example
  say(`An example of ${example.length} bytes: read it.`)
})
on(text, 'dragover', (event) => {
  event.preventDefault()
  text.classList.add('over')
})
on(text, 'dragleave', () => text.classList.remove('over'))
on(text, 'drop', (event) => {
  text.classList.remove('over')
  const given = event.dataTransfer?.files[0]
  if (!given) return
  event.preventDefault()
  void takeFile(given)
})
on(learning, 'change', showMemory)
on(choice, 'change', startEngine)
await startEngine()

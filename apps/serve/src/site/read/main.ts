import type { Remote } from 'comlink'
import { proxy } from 'comlink'
import { element, say } from '../shared/element'
import { EngineOfPage } from '../shared/engine-of-page'
import { example } from './example'
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
let paused = false
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
async function doing(what: 'reading' | 'answering' | 'working', work: (own: Remote<ReadingSession>) => Promise<void>) {
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

async function readText(own: Remote<ReadingSession>): Promise<void> {
  if (text.value === '') return say('There is nothing to read: paste a text, or choose a file.', true)
  paused = false
  const total = await own.take(text.value)
  say(`Reading ${total} bytes.`)
  progress.max = total
  progress.value = 0
  let done = 0
  while (!paused) {
    const piece = await own.readPiece()
    if (!piece) break
    done = progress.value = piece.done
    losses.add(piece.nats)
  }
  say(paused ? `Paused after ${done} of ${total} bytes.` : `${total} bytes read.`)
}

async function giveAnswer(own: Remote<ReadingSession>): Promise<void> {
  answer.textContent = ''
  const asking = {
    learning: switched(),
    prompt: prompt.value,
    maxTokens: 300,
    temperature: 0.7,
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

read.onclick = () => doing('reading', readText)
pause.onclick = () => void (paused = true)
ask.onclick = () => doing('answering', giveAnswer)
stop.onclick = () => void session?.stop()
save.onclick = () => doing('working', saveMemory)
forget.onclick = () =>
  doing('working', async (own) => {
    await own.forget()
    losses.clear()
    answer.textContent = ''
    say('Everything was forgotten.')
  })
load.onchange = () =>
  doing('working', async (own) => {
    const [given] = load.files ?? []
    if (!given) return
    await own.load(new Uint8Array(await given.arrayBuffer()), given.name)
    losses.clear()
    say(`${given.name} was loaded: it goes on from there.`)
    load.value = ''
  })
file.onchange = () => takeFile(file.files?.[0])
button('example').onclick = () => {
  text.value = example
  say(`An example of ${example.length} bytes: read it.`)
}
text.ondragover = (event) => (event.preventDefault(), text.classList.add('over'))
text.ondragleave = () => text.classList.remove('over')
text.ondrop = (event) => {
  text.classList.remove('over')
  const given = event.dataTransfer?.files[0]
  if (!given) return
  event.preventDefault()
  void takeFile(given)
}
learning.onchange = showMemory
choice.onchange = startEngine
await startEngine()

import { signal } from '@preact/signals'
import { client } from './client'
import { memoryOf, state } from './page-state'
import { GivenError, trying } from './problems'
import { surprisesOf, type Surprise } from './surprise'

/** One of the two that are compared. */
export interface Side {
  /** Of a memory; empty for the model as it is, which has read nothing. */
  id: string
  /** Whether it learns from the text. */
  learnText: boolean
  /** Whether it learns from what it writes. */
  learn: boolean
}

export type Comparing = 'answers' | 'surprises'

export interface Outcome {
  answer: string
  surprises: readonly Surprise[]
}

const nothing: Outcome = { answer: '', surprises: [] }

/** What is compared, and what came of it. */
export const comparison = {
  sides: signal<readonly [Side, Side]>([
    { id: '', learnText: true, learn: false },
    { id: '', learnText: true, learn: false },
  ]),
  how: signal<Comparing>('answers'),
  text: signal(''),
  outcomes: signal<readonly [Outcome, Outcome] | undefined>(undefined),
  /** How far the weights of the two are apart; only where both are memories. */
  distance: signal<number | undefined>(undefined),
  stop: signal<(() => void) | undefined>(undefined),
}

/** Sets one side, and leaves the other as it is. */
export function setSide(index: 0 | 1, side: Partial<Side>): void {
  const [left, right] = comparison.sides.value
  comparison.sides.value = index === 0 ? [{ ...left, ...side }, right] : [left, { ...right, ...side }]
  comparison.outcomes.value = undefined
}

/** Gives both sides the same text and the same chances. */
export async function compare(): Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping
  await trying('compared', async () => {
    const text = comparison.text.value
    if (text === '') throw new GivenError('compared', 'Write a text first, which both are given.')
    comparison.stop.value = () => stopping.abort()
    comparison.outcomes.value = [nothing, nothing]
    comparison.distance.value = undefined
    const seed = Math.floor(Math.random() * 2 ** 31)
    try {
      const [left, right] = comparison.sides.value.map(({ id }) => memoryOf(id))
      await Promise.all([measure(0, text, seed, signal), measure(1, text, seed, signal)])
      if (left && right && left !== right)
        comparison.distance.value = (await client.diff(left.id, right.id)).distance
    } finally {
      stopping.abort()
      comparison.stop.value = undefined
    }
  })
}

async function measure(index: 0 | 1, text: string, seed: number, signal: AbortSignal): Promise<void> {
  const { id: chosen, learnText, learn } = comparison.sides.value[index]
  // One that was forgotten meanwhile is the model as it is.
  const id = memoryOf(chosen)?.id
  if (comparison.how.value === 'surprises') {
    const scores = await client.scores({ text, learn: learnText }, id, signal)
    return setOutcome(index, { answer: '', surprises: surprisesOf(text, scores) })
  }
  const learning = { learn, learnPrompt: learnText }
  const sampling = { ...state.sampling.value, ...learning, seed, ...(id && { memory: id }) }
  const pieces = state.chats.value
    ? client.chat([{ role: 'user', content: text }], sampling, signal)
    : client.goOn(text, sampling, signal)
  let answer = ''
  for await (const piece of pieces) setOutcome(index, { answer: (answer += piece), surprises: [] })
}

function setOutcome(index: 0 | 1, outcome: Outcome): void {
  const [left, right] = comparison.outcomes.value ?? [nothing, nothing]
  comparison.outcomes.value = index === 0 ? [outcome, right] : [left, outcome]
}

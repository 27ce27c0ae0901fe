import type { Memory, Model } from '@ttt-e2e/checkpoint'
import { StopAt, transcriptOf, type ChatMessage } from '@ttt-e2e/data'
import { randomInt } from 'node:crypto'
import type { AnswerOptions } from '../memories'
import { pieceLengthOf } from './piece-length'

/** What has been read, and how its answer is told from what follows. */
export interface Question {
  stop: readonly string[]
  /** Whether the blank before an answer is none of it. */
  trims: boolean
}

interface QuestionOptions {
  /** Whether the last message is a text to go on with. */
  goOn?: boolean
  signal: AbortSignal
}

/** Reads a conversation, or a text to go on with, into a memory. @throws DataError; the signal's reason */
export async function readQuestion(
  model: Model,
  memory: Memory,
  messages: readonly ChatMessage[],
  { goOn = false, signal }: QuestionOptions,
): Promise<Question> {
  const transcript = goOn
    ? { text: messages.map(({ content }) => content).join(''), special: true, stop: [] }
    : await transcriptOf(model.tokenizer, messages)
  await readText(model, memory, transcript.text, { special: transcript.special && !goOn, signal })
  return { stop: transcript.stop, trims: !transcript.special }
}

/** Reads a text. @param options.special whether names of special tokens in it stand for these */
export async function readText(
  model: Model,
  memory: Memory,
  text: string,
  { special, signal }: { special: boolean; signal: AbortSignal },
): Promise<void> {
  const { tokenizer, documentsBeginWithBos } = model
  const { bosToken } = tokenizer
  const begins = memory.tokens === 0 && documentsBeginWithBos && bosToken !== undefined
  const tokens = [...(begins ? [bosToken] : []), ...tokenizer.encode(text, { special })]
  await model.read(tokens, { memory, signal, pieceLength: pieceLengthOf(model) })
}

/** The answer to what a memory has read, in pieces; the memory has read it, too. */
export async function* answer(
  model: Model,
  memory: Memory,
  { stop, trims }: Question,
  { maxTokens, temperature, seed = randomInt(2 ** 32), signal }: AnswerOptions,
): AsyncGenerator<string, void, void> {
  const until = new StopAt(stop)
  let begun = !trims
  const shown = (text: string): string => {
    const rest = begun ? text : text.trimStart()
    if (rest !== '') begun = true
    return rest
  }
  for await (const piece of model.generate(memory, { maxTokens, temperature, seed, signal })) {
    const certain = shown(until.push(piece))
    if (certain !== '') yield certain
    if (until.stopped) return
  }
  const rest = shown(until.end())
  if (rest !== '') yield rest
}

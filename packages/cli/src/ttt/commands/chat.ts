import { createInterface, type Interface } from 'node:readline'
import { interruptedExitCode } from '../../interrupt'
import type { AnswerOptions, Conversation, Memories } from '../memories'
import type { Output } from '../output'

/**
 * Talks with a memory, a line at a time, until the end of the input or an empty Ctrl-C. Ctrl-C during an answer breaks that
 * off alone.
 */
export async function chat(
  memories: Memories,
  name: string,
  options: Omit<AnswerOptions, 'signal'>,
  output: Output,
): Promise<void> {
  const conversation = await memories.chat(name)
  output.progress.clear()
  const terminal = process.stdin.isTTY
  const input = createInterface({
    input: process.stdin,
    terminal,
    prompt: '> ',
    ...(terminal && { output: process.stderr }),
  })
  let answering: AbortController | undefined
  const interrupt = () => {
    if (answering) return answering.abort()
    process.exitCode = interruptedExitCode
    input.close()
  }
  input.on('SIGINT', interrupt)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  output.gone.addEventListener('abort', () => (answering?.abort(), input.close()))
  try {
    if (terminal) output.progress.print(`Talk with ${name}; it stays as it is. Ctrl-D ends.`)
    for await (const line of prompted(input, terminal)) {
      if (line.trim() === '') continue
      answering = new AbortController()
      await answer(conversation, line, { ...options, signal: answering.signal })
      answering = undefined
    }
  } finally {
    input.close()
    conversation.dispose()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt)
  }
}

async function* prompted(input: Interface, terminal: boolean): AsyncGenerator<string, void, void> {
  if (terminal) input.prompt()
  for await (const line of input) {
    yield line
    if (terminal) input.prompt()
  }
}

async function answer(conversation: Conversation, text: string, options: AnswerOptions): Promise<void> {
  try {
    for await (const piece of conversation.say(text, options)) process.stdout.write(piece)
  } catch (error) {
    if (!options.signal.aborted) throw error
  }
  process.stdout.write('\n')
}

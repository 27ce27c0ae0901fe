import { abortOnSignals, interruptedExitCode } from '../../interrupt'
import type { AskOptions, Memories } from '../memories'
import type { Output } from '../output'

/** Asks a memory and prints the answer as it comes. Where its reader has gone, it ends; an interruption ends it with 130. */
export async function ask(
  memories: Memories,
  name: string,
  text: string,
  options: Omit<AskOptions, 'signal'>,
  { json, gone, progress }: Output,
): Promise<void> {
  const { signal: interrupted, restore } = abortOnSignals(() => {})
  const signal = AbortSignal.any([interrupted, gone])
  let answer = ''
  try {
    for await (const piece of memories.ask(name, text, { ...options, signal })) {
      // The line of the moment would be rewritten over the answer.
      if (answer === '') progress.clear()
      answer += piece
      if (!json) process.stdout.write(piece)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    restore()
  }
  if (gone.aborted) return
  if (!json) process.stdout.write('\n')
  else if (!interrupted.aborted) process.stdout.write(`${JSON.stringify({ memory: name, answer })}\n`)
  if (!interrupted.aborted) return
  progress.complain(options.update ? 'interrupted: the memory is as it was' : 'interrupted')
  process.exitCode = interruptedExitCode
}

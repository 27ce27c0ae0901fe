import { finish } from '../http/generators'
import type { CompletionPiece, Usage } from './run-completion'

/** Runs a request to its end. @returns its completions in order, each as one piece, and what they took */
export async function collect(
  work: AsyncGenerator<CompletionPiece, Usage, void>,
): Promise<{ completions: CompletionPiece[]; usage: Usage }> {
  const completions: CompletionPiece[] = []
  const usage = await finish(work, ({ index, text, scores, reason }) => {
    const whole = (completions[index] ??= { index, text: '', scores: [], reason: null })
    whole.text += text
    whole.scores.push(...scores)
    whole.reason = reason
  })
  return { completions, usage }
}

import { finish } from '../http/generators'
import type { CompletionPiece, Usage } from './run-completion'
import type { Ending } from './complete'
import type { TokenScore } from './token-score'

/** A completion as a whole. */
export interface Collected {
  text: string
  scores: TokenScore[]
  reason: Ending['reason']
}

/** Runs a request to its end. @returns its completions in order, and what they took */
export async function collect(
  work: AsyncGenerator<CompletionPiece, Usage, void>,
): Promise<{ completions: Collected[]; usage: Usage }> {
  const completions: Collected[] = []
  const usage = await finish(work, ({ index, text, scores, reason }) => {
    const own = (completions[index] ??= { text: '', scores: [], reason: 'stop' })
    own.text += text
    own.scores.push(...scores)
    if (reason) own.reason = reason
  })
  return { completions, usage }
}

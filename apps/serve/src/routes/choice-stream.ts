import { randomBytes } from 'node:crypto'
import type { CompletionPiece, Usage } from '../scheduler/run-completion'
import type { Service } from '../service'

/** What every message of one answer has: its id and time, and the model. @param kind how its id begins */
export const answerFacts = (kind: string, { id: model }: Service) => ({
  id: `${kind}-${randomBytes(12).toString('hex')}`,
  created: Math.floor(Date.now() / 1000),
  model,
})

/**
 * The messages of a stream of completions, each with what all have and a choice.
 *
 * @param counted whether the usage was asked for: then it is null until the last message, which has it and no choice
 */
export async function* choiceStream<Same, Choice>(
  work: AsyncGenerator<CompletionPiece, Usage, void>,
  same: Same,
  choiceOf: (piece: CompletionPiece) => Choice,
  counted: boolean,
): AsyncGenerator<Same & { choices: Choice[]; usage?: Usage | null }, void, void> {
  const before = counted ? { usage: null } : {}
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (!done) {
        yield { ...same, choices: [choiceOf(value)], ...before }
        continue
      }
      if (counted) yield { ...same, choices: [], usage: value }
      return
    }
  } finally {
    // Nobody reads the end of a generator that is returned early.
    await work.return(undefined as never)
  }
}

import { UserError } from '@ttt-e2e/cli'
import type { Recipe } from '@ttt-e2e/meta-outer'

type Evaluation = Recipe['evaluation']

const paths = ['evaluation.length', 'evaluation.documents'] as const

/**
 * How much a given model reads: what its own recipe's documents are long, else what the preset's are, and about as many
 * tokens in all as the preset reads; or as the caller sets it.
 *
 * @param own of the model's recipe, whose held-out documents can only be read as far as they were divided by
 * @throws UserError for a setting of anything else, or of a length that was not held out
 */
export function evaluationOf(
  own: Evaluation | undefined,
  preset: Evaluation,
  settings: readonly string[],
): Evaluation {
  const set = Object.fromEntries(settings.map(readSetting))
  const length = set['evaluation.length'] ?? own?.length ?? preset.length
  if (own && length > own.length)
    throw new UserError(
      `evaluation.length is ${length}; the model's recipe holds out documents of ${own.length} tokens, so it can be at most that; --data reads a text of yours of any length`,
    )
  const asMuch = Math.max(1, Math.round((preset.documents * preset.length) / length))
  const documents = set['evaluation.documents'] ?? Math.min(preset.documents, asMuch)
  return { ...preset, length, documents }
}

function readSetting(setting: string): [path: string, value: number] {
  const [path, text] = setting.split('=')
  if (!paths.some((known) => known === path))
    throw new UserError(
      `--set ${setting} and --model were both given; of a model that is read with as it is only ${paths.join(' and ')} can be set`,
    )
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new UserError(`--set ${setting}: '${text}' must be a whole number from 1 on`)
  return [path, value]
}

import { architectureOf, type SystemDefinition } from '@ttt-e2e/baselines'
import { recordOfTokenizer } from '@ttt-e2e/data'
import { z } from 'zod'
import { fileNames, trainingSchema, writingSchema, type RunInfo } from './run-info'
import { documentsBeginWithBos, tokenizerOf } from './tokenizer-of'

/** run.json as it was when a model was known by its recipe alone. */
export const runInfoSchemaV1 = z.strictObject({
  schemaVersion: z.literal(1),
  /** The recipe's system. */
  system: z.string(),
  ...trainingSchema,
  ...writingSchema,
})

/**
 * The same run.json as it is written today: what the recipe's system was built like is what it is built like still.
 *
 * @throws with a message that says why the recipe makes no model
 */
export function upgradeV1(
  { schemaVersion: _version, system, ...rest }: z.infer<typeof runInfoSchemaV1>,
  systems: Readonly<Record<string, SystemDefinition>> = {},
): RunInfo {
  const { recipe } = rest
  if (system !== recipe.system)
    throw new Error(`${fileNames.info}: the system is '${system}', its recipe's '${recipe.system}'`)
  const outside = Object.hasOwn(systems, system) ? { ...systems[system], name: system } : system
  return {
    schemaVersion: 2,
    model: {
      architecture: architectureOf(outside, recipe.size),
      tokenizer: { ...recordOfTokenizer(tokenizerOf(recipe)) },
      documentsBeginWithBos: documentsBeginWithBos(recipe),
    },
    ...rest,
  }
}

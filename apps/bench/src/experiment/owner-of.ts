import { systems, type SystemDefinition } from '@ttt-e2e/baselines'

const known: Record<string, SystemDefinition> = systems
const learningOff = ', learning off'

/** What a given model that learns is called with learning off. TTT-E2E's is a system of the comparison. */
export const nameWithoutLearning = (name: string): string =>
  name === 'ttt-e2e' ? 'ttt-off' : `${name}${learningOff}`

/** The system that trains the weights that this one reads with: itself, but of controls; of a given model its own. */
export function ownerOf(name: string): string {
  if (Object.hasOwn(known, name)) return known[name].weightsOf ?? name
  return name.endsWith(learningOff) ? name.slice(0, -learningOff.length) : name
}

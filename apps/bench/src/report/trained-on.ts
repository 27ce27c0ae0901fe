import type { TaskResults } from '../experiment/results'

/** What is said of the length of the training sequences; of a given model it may not be known. */
export function trainedOn({ recipe, given }: TaskResults, say: (length: number) => string): string {
  const length = given ? given.trainingLength : recipe.training.length
  return length === undefined ? 'how long its training sequences were is not known here' : say(length)
}

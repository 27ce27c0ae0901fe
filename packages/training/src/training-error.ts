/** A recipe, its data or a run folder that can't be used. The message is one sentence: what was given, what is allowed. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError'
}

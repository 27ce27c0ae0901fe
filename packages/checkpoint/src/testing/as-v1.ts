import type { TrainedRunInfo } from '../run-info'

/** A run.json as it was when a model was known by its recipe alone. */
export const asV1 = ({ model: _model, ...rest }: TrainedRunInfo) => ({
  ...rest,
  schemaVersion: 1,
  system: rest.recipe.system,
})

import type { ReaderProbe } from '../probe'
import { controlsFigures } from './figure'
import { measureControls, type ControlsMeasured, type ControlsSizes } from './measure'
import { summariseControls, type ControlsSummary } from './summarise'
import { controlsTables } from './table'
import { controlsVerdict } from './verdict'

/** Whether what is gained comes from having been trained to learn, from this document, and stays on long texts. */
export const controls: ReaderProbe<ControlsMeasured, ControlsSummary, ControlsSizes> = {
  name: 'controls',
  tasks: ['languages'],
  needs: 'reader',
  tokens: ({ recipe }, { documents, rates, texts, trainingLengths }) =>
    documents * recipe.evaluation.length * (rates.length + 2) +
    texts * trainingLengths * recipe.training.length,
  measure: measureControls,
  summarise: summariseControls,
  table: controlsTables,
  figure: controlsFigures,
  verdict: controlsVerdict,
}

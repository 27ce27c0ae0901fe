import { presets, type Preset } from './presets'
import { languagesTask, type Task } from './tasks'

/** Sizes at which plain JavaScript trains in seconds. */
export const microPreset: Preset = {
  summary: 'for tests',
  languages: {
    ...presets.tiny.languages,
    vocabularySize: 4,
    size: { ...presets.tiny.languages.size, hiddenSize: 8, intermediateSize: 16, window: 4, chunk: 4 },
    training: { length: 16, batch: 2, peakLearningRate: 1e-2, steps: 6 },
    evaluationDocuments: 3,
    reading: { longestContext: 64, repeats: 1 },
  },
  text: {
    ...presets.tiny.text,
    training: { length: 32, batch: 1, peakLearningRate: 1e-2, steps: 2 },
    evaluationDocuments: 4,
  },
}

export const microTask = (): Task => languagesTask(microPreset)

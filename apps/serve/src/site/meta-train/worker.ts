import { expose, proxy } from 'comlink'
import { engineInWorker } from '../shared/engine-in-worker'
import { MetaTraining } from './meta-training'
import type { Settings } from './settings'

let training: MetaTraining | undefined

const worker = {
  ...engineInWorker,
  /** Begins a training, in place of one before. */
  begin(settings: Settings) {
    training?.dispose()
    training = undefined
    training = new MetaTraining(settings)
    return proxy(training)
  },
}
export type MetaTrainWorker = typeof worker

expose(worker)

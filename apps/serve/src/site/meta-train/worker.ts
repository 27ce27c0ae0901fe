import { expose, proxy } from 'comlink'
import { engineInWorker } from '../shared/engine-in-worker'
import { MetaTraining } from './meta-training'
import type { Settings } from './settings'

/** The training that was begun last, once those before are out of the way. */
let last: Promise<MetaTraining | undefined> = Promise.resolve(undefined)

const worker = {
  ...engineInWorker,
  /** Begins a training, in place of one before, whose step is waited for. @throws SizeError */
  begin(settings: Settings) {
    const begun = last.then(async (before) => {
      await before?.dispose()
      return new MetaTraining(settings)
    })
    last = begun.catch(() => undefined)
    return begun.then(proxy)
  },
}
export type MetaTrainWorker = typeof worker

expose(worker)

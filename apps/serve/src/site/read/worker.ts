import { loadModel } from '@ttt-e2e/checkpoint'
import { modelFolder } from '@ttt-e2e/demo-model'
import { expose, proxy } from 'comlink'
import { engineInWorker } from '../shared/engine-in-worker'
import { ReadingSession } from './reading-session'

const worker = {
  ...engineInWorker,
  /** Loads the demo model onto the chosen engine. */
  start: async () => proxy(new ReadingSession(await loadModel(modelFolder))),
}
export type ReadWorker = typeof worker

expose(worker)

import '@ttt-e2e/kernels/engines'
import { resolveEngine, tf, type Precision } from '@ttt-e2e/tensor-ops'
import { loadParameters, type LoadOptions } from './load-checkpoint'
import { Model } from './model'

export interface LoadModelOptions extends LoadOptions {
  /** `auto`, `native`, …; where left out, the engine in use, or `auto` if none was chosen yet. */
  engine?: string
  /** Threads of the engine that is chosen here; all cores where left out. */
  threads?: number
  /** Of the engine that is chosen here; f32 where left out, whatever the model was trained in. */
  precision?: Precision
}

/**
 * Loads a model to read and generate with.
 *
 * @param folder a model folder, a checkpoint, or a run, whose latest good checkpoint is taken
 * @throws CheckpointError listing everything that doesn't match; EngineError for an engine that can't run here
 */
export async function loadModel(folder: string, options: LoadModelOptions = {}): Promise<Model> {
  const { engine, threads, precision } = options
  if (engine !== undefined || precision !== undefined || !tf.getBackend())
    await resolveEngine(engine ?? 'auto', { threads, precision })
  const { info, system, params } = loadParameters(folder, options)
  return new Model(system, params, info.recipe, info.files.model.sha256)
}

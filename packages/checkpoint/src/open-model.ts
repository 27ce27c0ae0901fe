import '@ttt-e2e/kernels/engines'
import { createTokenizer } from '@ttt-e2e/data'
import { giveBackIdle, resolveEngine, tf, type Precision } from '@ttt-e2e/tensor-ops'
import { CheckpointError } from './checkpoint-error'
import type { ModelFolder } from './folders/model-folder'
import { formats } from './formats'
import type { Extensions, Format } from './formats/format'
import { loadStored } from './load-tree'
import { Model } from './model'
import { withDecay } from './with-decay'

export interface OpenModelOptions extends Extensions {
  /** Formats from outside; they are asked before those of the registry. */
  formats?: readonly Format[]
  /** `auto`, `native`, …; where left out, the engine in use, or `auto` if none was chosen yet. */
  engine?: string
  /** Threads of the engine that is chosen here; all cores where left out. */
  threads?: number
  /** Of the engine that is chosen here; f32 where left out, whatever the model was trained in. */
  precision?: Precision
  /** Of the inner steps of all its memories, see `LearningRule.decay`; the rule's own where left out. */
  decay?: number
}

/**
 * Loads a model to read and generate with, of any format that is known.
 *
 * @throws CheckpointError listing everything that doesn't match; EngineError for an engine that can't run here; DataError
 * for an unknown tokenizer
 */
export async function openModel(folder: ModelFolder, options: OpenModelOptions = {}): Promise<Model> {
  const { engine, threads, precision } = options
  if (engine !== undefined || precision !== undefined || !tf.getBackend())
    await resolveEngine(engine ?? 'auto', { threads, precision })
  const known = [...(options.formats ?? []), ...formats]
  for (const format of known) {
    if (!(await format.recognises(folder))) continue
    const stored = await format.open(folder, options)
    const { tokenizer, hash, documentsBeginWithBos, recipe } = stored
    // First, so that nothing is loaded for a tokenizer that there isn't.
    const made = 'encode' in tokenizer ? tokenizer : await createTokenizer(tokenizer, options.tokenizers)
    const loaded = await loadStored(stored, folder.name, options)
    const hashed = typeof hash === 'string' ? hash : await hash()
    giveBackIdle()
    return new Model({
      tokenizer: made,
      ...(options.decay === undefined ? loaded : withDecay(loaded, options.decay)),
      hash: hashed,
      documentsBeginWithBos,
      ...(recipe && { recipe }),
      ...(stored.notes && { notes: stored.notes() }),
    })
  }
  const names = known.map(({ name }) => name).join(', ')
  throw new CheckpointError(folder.name, [`it is a model of none of the known formats: ${names}`])
}

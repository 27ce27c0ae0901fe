import { folderAtUrl, type FileUrls } from './folders/folder-at-url'
import type { ModelFolder } from './folders/model-folder'
import type { Model } from './model'
import { openModel, type OpenModelOptions } from './open-model'

export type LoadModelOptions = OpenModelOptions

/**
 * Loads a model to read and generate with, from a server.
 *
 * @param from the URL of a model folder, or the URLs of its files; or any folder of a format that `options` bring
 * @throws CheckpointError listing everything that doesn't match; EngineError for an engine that can't run here; DataError
 * for an unknown tokenizer
 */
export const loadModel = (
  from: string | URL | FileUrls | ModelFolder,
  options: LoadModelOptions = {},
): Promise<Model> => openModel(isModelFolder(from) ? from : folderAtUrl(from), options)

export const isModelFolder = (from: string | URL | FileUrls | ModelFolder): from is ModelFolder =>
  typeof from === 'object' && 'open' in from && typeof from.open === 'function'

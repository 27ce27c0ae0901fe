import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import { folderAtUrl, type FileUrls } from './folders/folder-at-url'
import { folderOnDisk, singleFileOnDisk } from './folders/folder-on-disk'
import type { ModelFolder } from './folders/model-folder'
import { locate, type LoadOptions } from './load-checkpoint'
import { formats } from './formats'
import { newestStep } from './formats/orbax/step-folder'
import { isModelFolder } from './load-model.browser'
import type { Model } from './model'
import { openModel, type OpenModelOptions } from './open-model'

export interface LoadModelOptions extends OpenModelOptions, LoadOptions {}

/**
 * Loads a model to read and generate with.
 *
 * @param from a model folder of ours or of Hugging Face's, a GGUF file, a checkpoint, or a run, whose latest good checkpoint
 * is taken; a URL, or URLs by file; or any folder of a format that `options` bring
 * @throws CheckpointError listing everything that doesn't match; EngineError for an engine that can't run here; DataError
 * for an unknown tokenizer
 */
export async function loadModel(
  from: string | URL | FileUrls | ModelFolder,
  options: LoadModelOptions = {},
): Promise<Model> {
  return openModel(await folderOf(from, options), options)
}

async function folderOf(
  from: string | URL | FileUrls | ModelFolder,
  options: LoadModelOptions,
): Promise<ModelFolder> {
  if (typeof from === 'string' && !/^https?:/.test(from)) return onDisk(from, options)
  if (from instanceof URL && from.protocol === 'file:') return onDisk(fileURLToPath(from), options)
  return isModelFolder(from) ? from : folderAtUrl(from)
}

async function onDisk(path: string, options: LoadModelOptions): Promise<ModelFolder> {
  if (isThere(path) && statSync(path).isFile()) return singleFileOnDisk(path)
  const folder = folderOnDisk(newestStep(path) ?? path)
  for (const format of isThere(path) ? [...(options.formats ?? []), ...formats] : [])
    if (await format.recognises(folder)) return folder
  return folderOnDisk(locate(path, options))
}

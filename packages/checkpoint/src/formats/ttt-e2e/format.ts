import { safetensorsSource } from '@ttt-e2e/tensor-ops'
import { hashedWhileRead } from '../../sha256'
import { CheckpointError } from '../../checkpoint-error'
import { readText, type ModelFolder } from '../../folders/model-folder'
import { parseRunInfo } from '../../parse-run-info'
import { fileNames, type RunInfo } from '../../run-info'
import type { Format, StoredModel } from '../format'

/** Our own: `model.safetensors` beside a `run.json`. */
export const tttE2eFolder: Format = {
  name: 'ttt-e2e',
  recognises: async (folder) => (await folder.open(fileNames.info)) !== undefined,
  async open(folder, extensions) {
    const json = await readText(folder, fileNames.info)
    if (json === undefined) throw new CheckpointError(folder.name, [`there is no ${fileNames.info}`])
    return storedModel(folder, parseRunInfo(json, folder.name, extensions))
  },
}

/** The same where run.json was read already. */
export async function storedModel(folder: ModelFolder, info: RunInfo): Promise<StoredModel> {
  const opened = await folder.open(fileNames.model)
  if (!opened) throw new CheckpointError(folder.name, [`${fileNames.model} is missing`])
  const { file, ...hashed } = hashedWhileRead(opened)
  const { architecture, tokenizer, documentsBeginWithBos } = info.model
  const { sha256 } = info.files.model
  return {
    architecture,
    weights: await safetensorsSource(file),
    weightsFile: fileNames.model,
    bytes: file.size,
    tokenizer,
    documentsBeginWithBos,
    hash: sha256,
    ...(info.recipe && { recipe: info.recipe }),
    verify: async () =>
      hashProblems(fileNames.model, sha256, await (folder.sha256?.(fileNames.model) ?? hashed.sha256())),
  }
}

/** That a file isn't the one that was saved. */
export const hashProblems = (file: string, saved: string, found: string): string[] =>
  found === saved ? [] : [`${file} is not the file that was saved (its hash differs)`]

/**
 * Folders of runs and models among files: those with checkpoints, with metrics, or with a model's `run.json`.
 *
 * @param paths below some folder, with / between
 * @returns the outermost of them without a / at the end; '' for the folder itself
 */
export function runFoldersAmong(paths: readonly string[]): string[] {
  const all = new Set(paths)
  const found = new Set<string>()
  for (const path of paths) {
    const checkpoint = /^(?:(.*)\/)?checkpoints\/step-\d+\/[^/]+$/.exec(path)
    if (checkpoint) found.add(checkpoint[1] ?? '')
    const model = /^(?:(.*)\/)?run\.json$/.exec(path)
    const folder = model?.[1] ?? ''
    const at = (name: string) => (folder === '' ? name : `${folder}/${name}`)
    if (model && [...weights, 'metrics.jsonl'].some((name) => all.has(at(name)))) found.add(folder)
  }
  return [...found].filter(
    (folder) =>
      ![...found].some((other) => other !== folder && (other === '' || folder.startsWith(`${other}/`))),
  )
}

const weights = ['model.safetensors']

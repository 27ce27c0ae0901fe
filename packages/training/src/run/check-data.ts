import type { DataRecord } from '@ttt-e2e/checkpoint'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { TrainingError } from '../training-error'

/** Changes that are told one by one. */
const shown = 5

/**
 * Makes sure that a run goes on with the text that it was trained on: its cursor counts in that text and in no other.
 * Where the text lies doesn't matter.
 *
 * @returns what of it nobody can tell, in a sentence
 * @param stored with the run; undefined for one that has not begun, or from before there was a record
 * @throws TrainingError that says which file was what and is what
 */
export function checkData(
  folder: string,
  stored: DataRecord | undefined,
  found: DataRecord | undefined,
): string | undefined {
  if (!stored || !found) return undefined
  if (stored.sha256 === found.sha256) {
    if (stored.trained === found.trained) return undefined
    if (stored.trained === undefined)
      return `the run in '${folder}' was saved without saying which of its text was held out: if an earlier version divided it in another way, other batches follow`
    throw new TrainingError(
      `what is held out of the data of '${folder}' is not what it was when the run was saved, so that other batches would follow; ` +
        `go on with the version of this program that began it, or begin another run: --out FOLDER, with --from ${folder} for its weights`,
    )
  }
  const all = changes(stored, found)
  const more = all.length > shown ? `, and ${all.length - shown} more` : ''
  throw new TrainingError(
    `the data of '${folder}' has changed since the run was saved: ${all.slice(0, shown).join(', ')}${more}; ` +
      `bring back what it was, or begin another run on what it is: --out FOLDER, with --from ${folder} for its weights`,
  )
}

type File = DataRecord['files'][string]

function changes({ files: before }: DataRecord, { files: now }: DataRecord): string[] {
  const names = [Object.keys(before), Object.keys(now)]
  // The only file of each is the same one, whatever it is called.
  if (names.every(({ length }) => length === 1)) {
    const [[was], [is]] = names
    if (was !== is) return [`'${was}' was ${describe(before[was])}, '${is}' is ${describe(now[is])}`]
  }
  const found = [...new Set(names.flat())].flatMap((name) => {
    const [was, is] = [before, now].map((files) => (Object.hasOwn(files, name) ? files[name] : undefined))
    if (!is) return [`'${name}' is gone`]
    if (!was) return [`'${name}' is new`]
    return was.sha256 === is.sha256 ? [] : [`'${name}' was ${describe(was)}, is ${describe(is)}`]
  })
  return found.length > 0 ? found : ['its files stand in another order']
}

const describe = ({ tokens, sha256 }: File) => `${counted(tokens, 'token')} (${sha256.slice(0, 12)}…)`

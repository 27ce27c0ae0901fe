import { OcdbtProblem, type Bytes } from './bytes'

/** A file of the store. Nodes that it holds name theirs from `base` on. */
export interface DataFile {
  path: string
  base: string
}

/** Where something lies. */
export interface Place {
  file: DataFile
  offset: number
  length: number
}

const latin1 = new TextDecoder('latin1')
/** Longer than the names of parameters and files are. */
const mostName = 1024

/**
 * Names of which each leaves out what it has in common with the one before, and the lengths between.
 *
 * @param between reads what stands between the names' lengths and the names
 */
export function readNames<T>(
  bytes: Bytes,
  count: number,
  what: string,
  between: () => T,
): { names: string[]; between: T } {
  const shared = [0, ...bytes.numbers(Math.max(0, count - 1), `the prefixes of ${what}`)]
  const lengths = bytes.numbers(count, `the lengths of ${what}`)
  const others = between()
  const names: string[] = []
  for (let i = 0; i < count; i++) {
    const before = i === 0 ? '' : names[i - 1]
    if (shared[i] > before.length || shared[i] + lengths[i] > mostName)
      throw new OcdbtProblem(`${what} claim a name of ${shared[i]} and ${lengths[i]} bytes`)
    names.push(before.slice(0, shared[i]) + latin1.decode(bytes.take(lengths[i], what)))
  }
  return { names, between: others }
}

/**
 * The files that a manifest or a node refers to.
 *
 * @param above where the files of the one above begin
 */
export function readFiles(bytes: Bytes, above: string): DataFile[] {
  const count = bytes.number('the count of its files')
  const { names, between: bases } = readNames(bytes, count, 'its files', () =>
    bytes.numbers(count, 'the bases of its files'),
  )
  return names.map((name, i) => {
    const path = above + name
    if (path.startsWith('/') || path.split('/').includes('..') || path.includes('\\') || path.includes('\0'))
      throw new OcdbtProblem(`it refers to '${path}', which is not below it`)
    return { path, base: above + name.slice(0, bases[i]) }
  })
}

/** Columns of files, offsets and lengths. */
export function readPlaces(bytes: Bytes, files: readonly DataFile[], count: number, what: string): Place[] {
  const numbers = bytes.numbers(count, `the files of ${what}`)
  const offsets = bytes.numbers(count, `the offsets of ${what}`)
  const lengths = bytes.numbers(count, `the lengths of ${what}`)
  return numbers.map((number, i) => ({ file: fileAt(files, number), offset: offsets[i], length: lengths[i] }))
}

export function fileAt(files: readonly DataFile[], number: number): DataFile {
  if (number < files.length) return files[number]
  throw new OcdbtProblem(`it refers to file ${number} of ${files.length}`)
}

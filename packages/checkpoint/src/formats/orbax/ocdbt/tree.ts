import { OcdbtProblem } from './bytes'
import { unpackFrame } from './frame'
import { fileAt, readFiles, readNames, readPlaces, type Place } from './places'
import type { Root } from './manifest'

/** A value that stands in a node, or where it lies. */
export type Value = Uint8Array | Place

/** More than a checkpoint has. */
const mostKeys = 1_000_000

/**
 * All keys of a tree with their values' places; reads the nodes and no values.
 *
 * @param read the bytes at a place
 * @throws OcdbtProblem for a node that makes no sense, or is met twice
 */
export async function readTree(
  root: Root,
  read: (place: Place) => Promise<Uint8Array>,
): Promise<Map<string, Value>> {
  const values = new Map<string, Value>()
  const met = new Set<string>()

  async function visit(place: Place, height: number, prefix: string): Promise<void> {
    const name = `${place.file.path}:${place.offset}`
    if (met.has(name)) throw new OcdbtProblem(`its node at byte ${place.offset} is met twice`)
    met.add(name)
    const bytes = unpackFrame(await read(place), 'node')
    const own = bytes.byte('its height')
    if (own !== height)
      throw new OcdbtProblem(`a node is of height ${own}, where one of height ${height} belongs`)
    const files = readFiles(bytes, place.file.base)
    const count = bytes.number('the count of its entries')
    if (count === 0 || values.size + count > mostKeys)
      throw new OcdbtProblem(`a node claims ${count} entries`)
    if (height > 0) {
      const { names, between: common } = readNames(bytes, count, 'its keys', () =>
        bytes.numbers(count, 'the common prefixes'),
      )
      const children = readPlaces(bytes, files, count, 'its children')
      for (let i = 0; i < 3; i++) bytes.numbers(count, 'the sums of its children')
      bytes.end()
      for (const [i, child] of children.entries()) {
        if (common[i] > names[i].length) throw new OcdbtProblem(`a key has no prefix of ${common[i]} bytes`)
        await visit(child, height - 1, prefix + names[i].slice(0, common[i]))
      }
      return
    }
    const { names } = readNames(bytes, count, 'its keys', () => undefined)
    const lengths = bytes.numbers(count, 'the lengths of its values')
    const kinds = bytes.numbers(count, 'the kinds of its values')
    if (kinds.some((kind) => kind > 1)) throw new OcdbtProblem('a value is neither inline nor elsewhere')
    const elsewhere = kinds.filter((kind) => kind === 1).length
    const numbers = bytes.numbers(elsewhere, 'the files of its values')
    const offsets = bytes.numbers(elsewhere, 'the offsets of its values')
    let next = 0
    names.forEach((key, i) => {
      const value =
        kinds[i] === 0
          ? bytes.take(lengths[i], 'a value')
          : { file: fileAt(files, numbers[next]), offset: offsets[next++], length: lengths[i] }
      if (values.has(prefix + key)) throw new OcdbtProblem(`it has '${prefix + key}' twice`)
      values.set(prefix + key, value)
    })
    bytes.end()
  }

  if (root) await visit(root.place, root.height, '')
  return values
}

import { describe, expect, it } from 'vitest'
import { fileTable, frame, magic, manifestBody, varint } from '../../../testing/write-ocdbt'
import { OcdbtProblem } from './bytes'
import { readManifest } from './manifest'

const sound = manifestBody(7, 30)
const read = (body: readonly number[]) => readManifest(frame(magic.manifest, body))
/** With bytes in place of others. */
const changed = (at: number, replaced: number, ...bytes: number[]) => [
  ...sound.slice(0, at),
  ...bytes,
  ...sound.slice(at + replaced),
]
const files = (...table: number[]) => manifestBody(7, 30, { files: table })

it('finds the tree that the lies are made of', () => {
  expect(read(sound)).toEqual({
    place: { file: { path: 'd/0', base: '' }, offset: 7, length: 30 },
    height: 0,
  })
})

describe('a manifest that ends too early', () => {
  it.each([
    [10, 'its uuid'],
    [16, 'its kind'],
    [17, 'the most bytes of an inline value'],
    [20, 'the most bytes of a node'],
    [23, 'the arity of its versions'],
    [24, 'its compression'],
    [25, 'the count of its files'],
    [26, 'the lengths of its files'],
    [27, 'the bases of its files'],
    [30, 'its files'],
    [31, 'the count of its versions'],
    [32, 'its generations'],
    [33, 'the heights of its trees'],
    [34, 'the files of its trees'],
    [35, 'the offsets of its trees'],
    [36, 'the lengths of its trees'],
    [37, 'the counts of keys'],
    [38, 'the bytes of its trees'],
    [39, 'the bytes of its values'],
    [47, 'the times of its versions'],
  ])('after %i bytes', (length, what) => {
    expect(() => read(sound.slice(0, length))).toThrow(new RegExp(`^it ends in ${what}: \\d+ .* left$`))
  })
})

describe('a manifest that is not true', () => {
  const huge = varint(2 ** 50)
  it.each<[string, number[], string]>([
    ['another kind', changed(16, 1, 2), 'numbered manifests'],
    [
      'an inline value beyond numbers',
      changed(17, 2, ...Array<number>(9).fill(255), 1),
      'larger than any file',
    ],
    [
      'another compression of its nodes',
      changed(24, 1, 9),
      'its compression is 9; known: 0 for none, 1 for zstd',
    ],
    ['no level of a compression', changed(24, 100, 1, 0, 0), 'it ends in the level of its compression'],
    [
      'files beyond its bytes',
      files(...huge),
      `the prefixes of its files: ${2 ** 50 - 1} of them are claimed`,
    ],
    [
      'a name beyond its bytes',
      files(1, ...varint(900), 0, 100),
      'it ends in its files: 900 bytes are claimed',
    ],
    ['a name beyond names', files(1, ...varint(5000), 0, 100), 'its files claim a name of 0 and 5000 bytes'],
    [
      'more in common than there is',
      files(2, 9, 1, 1, 0, 0, 97, 98),
      'its files claim a name of 9 and 1 bytes',
    ],
    ['a file at the root', files(...fileTable(['/etc'])), "it refers to '/etc', which is not below it"],
    ['a file above', files(...fileTable(['d/../../x'])), "it refers to 'd/../../x', which is not below it"],
    ['a file of Windows', files(...fileTable(['d\\0'])), 'which is not below it'],
    ['a file with an end in it', files(...fileTable(['d\0'])), 'which is not below it'],
    ['versions beyond its bytes', changed(31, 1, ...huge), `its generations: ${2 ** 50} of them are claimed`],
    ['a generation of nothing', changed(32, 1, 0), 'its generations are not in their order'],
    [
      'generations that fall',
      manifestBody(7, 30, { versions: [3, 2] }),
      'its generations are not in their order',
    ],
    ['a tree in a file that is none', changed(34, 1, 5), 'it refers to file 5 of 1'],
    ['an offset beyond numbers', changed(35, 1, ...Array<number>(9).fill(255), 1), 'larger than any file'],
  ])('%s', (_, body, sentence) => {
    expect(() => read(body)).toThrow(sentence)
    expect(() => read(body)).toThrow(OcdbtProblem)
  })
})

import type { Corpus } from '@ttt-e2e/data'
import { expect, it } from 'vitest'
import { recordCorpus } from './record-corpus'

const corpusOf = (texts: Record<string, number[]>): Corpus => ({
  name: 'numbers',
  documents: Object.entries(texts).map(([id, tokens]) => ({ id, tokens: Int32Array.from(tokens) })),
})

it('knows a text by its documents and their order, not by their names', () => {
  const [a, b, c] = [[1, 2], [3], [1, 2, 3]]
  const { sha256, files } = recordCorpus(corpusOf({ 'a.md': a, 'b.jsonl:1': b, 'b.jsonl:2': c }))
  expect(Object.entries(files).map(([name, { tokens }]) => [name, tokens])).toEqual([
    ['a.md', 2],
    ['b.jsonl', 4],
  ])
  expect(recordCorpus(corpusOf({ x: a, y: b, z: c })).sha256).toBe(sha256)
  const others: Record<string, number[]>[] = [
    { x: b, y: a, z: c },
    { x: c, y: c },
    { x: a, y: b },
    { x: a, y: b, z: [1, 2, 4] },
  ]
  for (const other of others) expect(recordCorpus(corpusOf(other)).sha256).not.toBe(sha256)
})

it('names folders where files are too many, and nothing where folders are', () => {
  const corpus = corpusOf({ 'a/1': [1], 'a/2': [2], 'b/c/3': [3], '4': [4] })
  const names = (most: number) => Object.keys(recordCorpus(corpus, most).files)
  expect(names(4)).toHaveLength(4)
  expect(names(3).toSorted()).toEqual(['a/', 'b/', 'files of the folder itself'])
  expect(names(2)).toEqual(['all files'])
})

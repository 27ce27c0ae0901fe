import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { DataError } from '../data-error'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import { readTextCorpus, type TextCorpusOptions } from './text-corpus'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'text-corpus-'))))

function write(path: string, content: string | Uint8Array): string {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

const read = (path: string, options?: TextCorpusOptions) =>
  readTextCorpus(path, byteTokenizer, options).documents.map(({ id, tokens }) => [
    id,
    byteTokenizer.decode(tokens),
  ])

test('a file is one document', () => {
  expect(read(write('a.txt', 'one\ntwo'))).toEqual([['a.txt', 'one\ntwo']])
  expect(read(write('README', 'any name'))).toEqual([['README', 'any name']])
})

test('a folder is its text files in the order of their paths', () => {
  write('b.md', 'b')
  write('B.md', 'B')
  write('a/z.txt', 'z')
  write('a/lines.jsonl', '{"text":"l1"}\n\n{"text":"l3"}')
  write('.hidden/h.txt', 'h')
  write('picture.png', Uint8Array.of(0x89, 0x50, 0))
  write('empty.txt', '')
  expect(read(folder)).toEqual([
    ['B.md', 'B'],
    ['a/lines.jsonl:1', 'l1'],
    ['a/lines.jsonl:3', 'l3'],
    ['a/z.txt', 'z'],
    ['b.md', 'b'],
  ])
})

test('JSONL takes another field, and Windows line ends', () => {
  const file = write('x.jsonl', '{"body":"é","text":1}\r\n{"body":"2"}\r\n')
  expect(read(file, { textField: 'body' })).toEqual([
    ['x.jsonl:1', 'é'],
    ['x.jsonl:2', '2'],
  ])
})

test('errors name what was given and what is allowed', () => {
  const refused = (path: string, message: string) =>
    expect(() => readTextCorpus(path, byteTokenizer)).toThrow(new DataError(message))
  const missing = join(folder, 'missing.txt')
  refused(missing, `there is no file or folder '${missing}'; give one that exists`)
  refused(folder, `folder '${folder}' holds no text; it must hold a text file`)
  const empty = write('empty.txt', '')
  refused(empty, `file '${empty}' is empty; it must hold text`)
  const picture = write('picture.png', Uint8Array.of(0xff, 0xd8))
  refused(picture, `file '${picture}' is not text; a document must be UTF-8 without NUL characters`)
  const broken = write('broken.jsonl', '{"text":"a"}\n{"text":')
  refused(broken, `line 2 of '${broken}' is not JSON; each line must be a JSON object`)
  for (const line of ['{"body":"a"}', '{"text":5}', '"text"', 'null', '[]']) {
    const textless = write('textless.jsonl', `\n${line}\n`)
    refused(
      textless,
      `line 2 of '${textless}' has no text; each line must be an object whose 'text' is a string`,
    )
  }
})

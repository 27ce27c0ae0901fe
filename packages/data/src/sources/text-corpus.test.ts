import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { DataError } from '../data-error'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import { readTextCorpus, sentenceOf, type TextCorpusOptions } from './text-corpus'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'text-corpus-'))))

function write(path: string, content: string | Uint8Array): string {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

const read = async (path: string, options?: TextCorpusOptions) =>
  (await readTextCorpus(path, byteTokenizer, options)).documents.map(({ id, tokens }) => [
    id,
    byteTokenizer.decode(tokens),
  ])

const refused = (path: string, message: string) =>
  expect(readTextCorpus(path, byteTokenizer)).rejects.toThrow(new DataError(message))

test('a file is one document', async () => {
  expect(await read(write('a.txt', 'one\ntwo'))).toEqual([['a.txt', 'one\ntwo']])
  expect(await read(write('README', 'any name'))).toEqual([['README', 'any name']])
})

test('a folder is its text files in the order of their paths', async () => {
  write('b.md', 'b')
  write('B.md', 'B')
  write('a/z.txt', 'z')
  write('a/lines.jsonl', '{"text":"l1"}\n\n{"text":"l3"}')
  write('.hidden/h.txt', 'h')
  write('picture.png', Uint8Array.of(0x89, 0x50, 0))
  write('empty.txt', '')
  expect(await read(folder)).toEqual([
    ['B.md', 'B'],
    ['a/lines.jsonl:1', 'l1'],
    ['a/lines.jsonl:3', 'l3'],
    ['a/z.txt', 'z'],
    ['b.md', 'b'],
  ])
})

test('JSONL takes another field, and Windows line ends', async () => {
  const file = write('x.jsonl', '{"body":"é","text":1}\r\n{"body":"2"}\r\n')
  expect(await read(file, { textField: 'body' })).toEqual([
    ['x.jsonl:1', 'é'],
    ['x.jsonl:2', '2'],
  ])
})

test('errors name what was given and what is allowed', async () => {
  const missing = join(folder, 'missing.txt')
  await refused(missing, `there is no file or folder '${missing}'; give one that exists`)
  await refused(folder, `folder '${folder}' holds no text; it must hold a text file`)
  const empty = write('empty.txt', '')
  await refused(empty, `file '${empty}' is empty; it must hold text`)
  const picture = write('picture.png', Uint8Array.of(0xff, 0xd8))
  await refused(
    picture,
    `file '${picture}' is not text; a document must be UTF-8 without NUL characters (first bad byte at 0)`,
  )
})

test('what a folder holds beside text is counted and named', async () => {
  write('a.txt', 'a')
  write('empty.txt', '')
  write('lines.jsonl', '{"text":"x"}\n{"text":""}')
  write('notes/latin.txt', Uint8Array.from(Buffer.from('caf\xe9 au lait', 'latin1')))
  write('notes/run/metrics.jsonl', '{"kind":"step"}')
  write('notes/run/checkpoints/step-000003/run.json', '{}')
  write('model/run.json', '{}')
  write('model/model.safetensors', 'x')
  const corpus = await readTextCorpus(folder, byteTokenizer)
  expect(corpus.documents.map(({ id }) => id)).toEqual(['a.txt', 'lines.jsonl:1'])
  const passedOver = Object.fromEntries(corpus.passedOver!.map(({ id, reason }) => [id, reason]))
  expect(Object.keys(passedOver).sort()).toEqual(
    ['empty.txt', 'lines.jsonl', 'model/', 'notes/latin.txt', 'notes/run/'].sort(),
  )
  expect(passedOver['lines.jsonl']).toBe('has 1 of 2 documents without a character')
  expect(passedOver['notes/latin.txt']).toMatch(/^looks like Windows-1252, .*\(first bad byte at 3\)$/)
  expect(sentenceOf(corpus.passedOver!, 2)).toMatch(/^not read: 'model\/' is the folder of .*; and 3 more$/)
  await refused(
    join(folder, 'model'),
    `'${join(folder, 'model')}' is the folder of a run or a model, not of text; give a folder of texts`,
  )
})

test('a text is the same in pieces of any size', async () => {
  const text = 'one line\n\ufeffünd 😀😀😀 ohne Zeilenende '.repeat(7)
  for (const pieceBytes of [1, 2, 3, 7, 64, 1 << 20])
    expect(await read(write('long.txt', '\ufeff' + text), { pieceBytes })).toEqual([['long.txt', text]])
  const bad = write(
    'bad.txt',
    Buffer.concat([Buffer.from('ü'.repeat(30)), Buffer.of(0xc3, 0x28), Buffer.from('ab')]),
  )
  await expect(readTextCorpus(bad, byteTokenizer, { pieceBytes: 8 })).rejects.toThrow(
    /first bad byte at 60\)/,
  )
})

/** The header of a file of one name, and no more of it. */
function tarOf(name: string): Buffer {
  const header = Buffer.alloc(512)
  header.write(name)
  header.write('ustar', 257)
  return header
}

test('bytes of other encodings and formats are named as what they look like', async () => {
  const text = 'Naïve façades, déjà vu.'
  const cases: [name: string, bytes: Uint8Array, sentence: RegExp][] = [
    [
      'a.txt',
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      /looks like UTF-16, not UTF-8; convert it, .*iconv.* at 0\)$/,
    ],
    ['b.txt', Buffer.from(text, 'utf16le'), /looks like UTF-16LE.*\(first bad byte at 1\)$/],
    ['c.txt', Buffer.from(text, 'utf16le').swap16(), /looks like UTF-16BE.*\(first bad byte at 0\)$/],
    ['d.txt', Buffer.from(text, 'latin1'), /looks like Windows-1252.*\(first bad byte at 2\)$/],
    ['e.txt', Buffer.from('text\0text'), /holds NUL bytes.*\(first bad byte at 4\)$/],
    ['f.txt', gzipSync(text), /is gzip data; name it .gz/],
    ['g.pdf', Buffer.from('%PDF-1.7\n\0'), /is a PDF; convert it/],
    ['h.docx', Buffer.from('PK\u0003\u0004\0'), /is a zip archive/],
    ['j.pdf', Buffer.from('%PDF-1.4\nplain'), /is a PDF; convert it/],
    ['k.txt.xz', Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1), /is xz data; decompress it/],
    ['l.txt.bz2', Buffer.from('BZh91AY&SYplain'), /is bzip2 data; decompress it/],
    ['m.rtf', Buffer.from('{\\rtf1\\ansi plain}'), /is RTF; save it as plain text/],
    ['n.txt', Buffer.from('é und é').subarray(0, -1), /is cut off within a character.*at 7\)$/],
    ['o.txt', tarOf('text'), /is a tar archive; unpack it/],
    [
      'p.txt',
      Buffer.from('f0d2c9d7c5d42c20cdc9d2210a', 'hex'),
      /looks like text of an encoding before UTF-8; convert it, .*iconv.*\(first bad byte at 0\)$/,
    ],
    ['i.txt', Buffer.of(0xed, 0xa0, 0x80), /is not text.*\(first bad byte at 0\)$/],
  ]
  for (const [name, bytes, sentence] of cases)
    await expect(readTextCorpus(write(name, bytes), byteTokenizer)).rejects.toThrow(sentence)
})

test('documents in JSON are never read with their braces, whatever their file is called', async () => {
  const rows = [{ text: 'one' }, { id: 2, text: 'two' }]
  const lines = rows.map((row) => JSON.stringify(row)).join('\n')
  const names = ['a.txt', 'b', 'c.jsonl.bak', 'd.jsonl.1', 'e.json.txt', 'f.md']
  const forms = [
    lines,
    JSON.stringify(rows),
    JSON.stringify(rows, null, 2),
    JSON.stringify(rows[1], null, 4),
    '[7, {"text": "one"}]\n[8]',
  ]
  for (const name of names)
    for (const form of [...forms, `\ufeff${lines}`])
      await expect(readTextCorpus(write(name, form), byteTokenizer)).rejects.toThrow(
        /^file '.*' is JSON; name it .jsonl if each line is an object, else .json$/,
      )
  for (const text of ['{brace} yourself', '[1] a note', '{"quoted" words}', '{}', '[{'])
    expect(await read(write('plain.txt', text))).toEqual([['plain.txt', text]])
  expect(await read(write('x.jsonlines', lines))).toEqual([
    ['x.jsonlines:1', 'one'],
    ['x.jsonlines:2', 'two'],
  ])
  await refused(
    write('twice.jsonl', '{"text":"a","text":"b"}'),
    `line 1 of '${join(folder, 'twice.jsonl')}' has 'text' twice in an object; only one of them would be read`,
  )
  expect(await read(write('within.jsonl', '{"text":"a","meta":{"text":"b"}}'))).toEqual([
    ['within.jsonl:1', 'a'],
  ])
})

test('what of a folder is no file of text is named, links and hidden ones too', async () => {
  write('a.txt', 'a')
  write('rows.txt', '{"text":"x"}')
  write('.cache/x.txt', 'x')
  symlinkSync('nowhere', join(folder, 'broken'))
  symlinkSync('.', join(folder, 'loop'))
  const { documents, passedOver } = await readTextCorpus(folder, byteTokenizer)
  expect(documents.map(({ id }) => id)).toEqual(['a.txt'])
  expect(passedOver!.map(({ id }) => id).sort()).toEqual(['.cache', 'broken', 'loop', 'rows.txt'])
})

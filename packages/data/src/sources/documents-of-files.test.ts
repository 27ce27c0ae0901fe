import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it, test } from 'vitest'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import { readJsonFile } from './json-file'
import { readTextCorpus } from './text-corpus'

const folder = mkdtempSync(join(tmpdir(), 'documents-'))

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const read = async (path: string, textField?: string) =>
  (await readTextCorpus(path, byteTokenizer, { textField })).documents.map(({ id, tokens }) => [
    id,
    byteTokenizer.decode(tokens),
  ])

const two = '{"text":"one"}\n{"text":"zwei ü"}\n'
/** A frame of one raw block (RFC 8878). */
const plainInZstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x29, 0, 0, ...Buffer.from('plain')])
/** `two` by zstd 1.5. */
const twoInZstd = Buffer.from('KLUv/QRY/QAAyHsidGV4dCI6Im9uZSJ9Cnp3ZWkgw7wifQoBAFLMOo9x4B0=', 'base64')

test('files of many documents are read by their endings, in capitals too, and compressed', async () => {
  const numbered = (name: string) => [
    [`${name}:1`, 'one'],
    [`${name}:2`, 'zwei ü'],
  ]
  const files: [name: string, content: string | Uint8Array][] = [
    ['a.jsonl', two],
    ['a.JSONL', two],
    ['a.ndjson', two],
    ['a.json', '[{"text":"one"}, {"text":"zwei ü"}]'],
    ['a.jsonl.gz', gzipSync(two)],
    ['b.jsonl.gz', Buffer.concat([gzipSync(two.slice(0, 9)), gzipSync(two.slice(9))])],
    ['a.JSONL.ZST', twoInZstd],
    ['b.jsonl.zst', Buffer.concat([twoInZstd, twoInZstd.subarray(0, 0)])],
    ['a.parquet', parquetOf(['one', 'zwei ü'])],
  ]
  for (const [name, content] of files) expect(await read(write(name, content))).toEqual(numbered(name))
  expect(await read(write('one.json', '{"text":"one"}'))).toEqual([['one.json', 'one']])
  expect(await read(write('a.txt.gz', gzipSync('plain')))).toEqual([['a.txt.gz', 'plain']])
  expect(await read(write('a.txt.zst', plainInZstd))).toEqual([['a.txt.zst', 'plain']])
  await expect(read(write('b.txt.zst', twoInZstd))).rejects.toThrow(/^file '.*' is JSON; name it .jsonl/)
})

const parquetOf = (texts: (string | null)[], name = 'text') =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name, data: texts, type: 'STRING', nullable: true }],
      rowGroupSize: 1,
    }),
  )

test('another field or column holds the text where it is said', async () => {
  expect(await read(write('body.jsonl', '{"body":"b","text":1}'), 'body')).toEqual([['body.jsonl:1', 'b']])
  expect(await read(write('body.parquet', parquetOf(['b'], 'body')), 'body')).toEqual([
    ['body.parquet:1', 'b'],
  ])
})

describe('errors say which file and line, and which of', () => {
  it.each<[name: string, content: string | Uint8Array, sentence: RegExp]>([
    ['x.jsonl', '{"text":"a"}\n{text}', /^line 2 of '.*x.jsonl' is not JSON; it must be a JSON object$/],
    ['x.jsonl', '{"text":"a"}\n{"text":"b', /^line 2 of '.*' is cut off: it ends within its JSON/],
    ['x.jsonl', '{"text":"a"}\n{"text":"b"', /^line 2 of '.*' is cut off/],
    ['x.jsonl', '{"text":"a"}\n\0\0\0', /^line 2 of '.*' holds NUL bytes.*at 0\)$/],
    [
      'x.jsonl',
      '{"body":"a","id":1}',
      /^line 1 of '.*' has no 'text': it has 'body', 'id'; --text-field says/,
    ],
    ['x.jsonl', '{}', /has no 'text': it is empty/],
    ['x.jsonl', '{"text":5}', /^line 1 of '.*' has a number as its 'text', which must be a string/],
    ['x.jsonl', '{"text":null}', /has null as its 'text'/],
    ['x.jsonl', '{"text":["a"]}', /has a list as its 'text'/],
    ['x.jsonl', '{\n  "text": "a"\n}', /^line 1 of '.*' only begins its JSON; .* name the file .json/],
    ['x.jsonl', '"text"', /^line 1 of '.*' is a string; it must be an object whose 'text' is a string/],
    ['x.jsonl', Buffer.from('{"text":"caf\xe9"}', 'latin1'), /^line 1 of '.*' looks like Windows-1252/],
    [
      'x.jsonl',
      '{"text":"half \\ud83d"}',
      /has half a character \(the lone surrogate \\ud83d\) at 5 of its 'text'/,
    ],
    ['x.json', '[{"text":"a"},', /^'.*x.json' is cut off/],
    ['x.json', '[{"text":"a"} {"text":"b"}]', /^element 1 of '.*' is not JSON/],
    ['x.json', '[{"text":"a"},{"body":"b"}]', /^element 2 of '.*' has no 'text': it has 'body'/],
    ['x.json', '{"text":"a"}\n{"text":"b"}', /goes on after its JSON; .*name it .jsonl$/],
    ['x.json', '[{"text":"a"}}', /its brackets do not match$/],
    ['x.json', '"a"', /must be an array of them or one object/],
    ['x.json', '[]', /^file '.*x.json' is empty; it must hold text$/],
    ['x.txt.gz', gzipSync('text').subarray(0, 12), /is cut off: its gzip data has no end/],
    ['x.txt.gz', 'no gzip', /is not sound gzip/],
    ['x.txt.zst', 'no zstd at all', /is cut off or not sound zstd/],
    ['x.txt.zst', twoInZstd.subarray(0, 20), /is cut off or not sound zstd/],
    ['x.parquet', 'no parquet at all', /can't be read as Parquet/],
    ['x.parquet', `PAR1${'\0'.repeat(20)}PAR1`, /^'.*' can't be read as Parquet: it is damaged$/],
    ['x.parquet', parquetOf(['a'], 'body'), /has no column 'text': it has 'body'; --text-field says/],
    ['x.parquet', parquetOf(['a', null]), /^row 2 of '.*' has null as its 'text'/],
  ])('%s: %j', async (name, content, sentence) => {
    await expect(readTextCorpus(write(name, content), byteTokenizer)).rejects.toThrow(sentence)
  })
})

test('JSON is cut into the same elements whatever the pieces', async () => {
  const texts = ['a,b]', '{"c":[1]}', 'quote \\" and \\\\', '', '😀']
  const bytes = new TextEncoder().encode(
    ` [ ${texts.map((text) => JSON.stringify({ x: [{}], text })).join(' ,\n')} ]\n`,
  )
  for (const size of [1, 2, 5, 1000]) {
    const found: string[] = []
    const pieces = async function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
    }
    for await (const { text } of readJsonFile(pieces(), 'x.json', 'text')) found.push(text)
    expect(found).toEqual(texts)
  }
})

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { microPreset } from '../testing'
import { ownText, readOnlyText } from './own-text'

const directory = mkdtempSync(join(tmpdir(), 'text-'))

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i} `).join('')
function write(name: string, text: string | Uint8Array): { path: string } {
  writeFileSync(join(directory, name), text)
  return { path: join(directory, name) }
}

describe('ownText', () => {
  it('holds out the last fifth of a single file', async () => {
    const text = numbers(1000)
    const { task, recipe } = await ownText('micro', microPreset, write('one.txt', text))
    expect(recipe.evaluation.length).toBe(128)
    expect(task.heldOut[0].tokens.length).toBe(129)
    const border = Math.floor(text.length * 0.8)
    expect(Buffer.from(task.heldOut[0].tokens).toString()).toBe(text.slice(border, border + 129))
    const { value } = await task.stream({ seed: 0 })[Symbol.asyncIterator]().next()
    expect((value as { tokens: Int32Array }).tokens.length).toBe(33)
  })

  it('holds out whole documents where there are enough', async () => {
    const lines = Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({ text: `${numbers(100).replaceAll(' ', ` ${i * 1000} `)}` }),
    )
    const { task } = await ownText('micro', microPreset, write('many.jsonl', lines.join('\n')))
    expect(task.heldOut.map(({ id }) => id)).toEqual(['many.jsonl:10', 'many.jsonl:20'])
  })

  it.each([
    ['fields.jsonl', (rows: object[]) => rows.map((row) => JSON.stringify(row)).join('\n')],
    ['fields.NDJSON.gz', (rows: object[]) => gzipSync(rows.map((row) => JSON.stringify(row)).join('\n'))],
    ['fields.json', (rows: object[]) => JSON.stringify(rows)],
  ])('takes the text from the field that is named, of %s', async (name, encode) => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      body: numbers(100).replaceAll(' ', ` ${i * 1000} `),
      id: i,
    }))
    const place = write(name, encode(rows))
    const { recipe, task } = await ownText('micro', microPreset, { ...place, textField: 'body' })
    expect(recipe.data).toEqual({ kind: 'text', ...place, rows: 'windows', textField: 'body' })
    expect(task.heldOut.length).toBe(2)
    const { task: read } = await readOnlyText('micro', microPreset, { ...place, textField: 'body' }, 'books')
    const [{ tokens }] = read.heldOut
    // The first one that is long enough.
    expect(Buffer.from(tokens).toString()).toBe(rows[1].body.slice(0, tokens.length))
    await expect(ownText('micro', microPreset, place)).rejects.toThrow(
      /has no 'text': it has 'body', 'id'; --text-field says/,
    )
  })

  it('says how long a text must be', async () => {
    await expect(ownText('micro', microPreset, write('short.txt', 'hello'))).rejects.toThrow(
      /has 5 bytes; one of at least 165 is needed/,
    )
    expect(
      (await ownText('micro', microPreset, write('enough.txt', numbers(100).slice(0, 165)))).recipe.evaluation
        .length,
    ).toBe(32)
  })
})

describe('readOnlyText', () => {
  it('reads a document from its beginning as far as a multiple of the training length goes', async () => {
    const { name, recipe } = await readOnlyText(
      'micro',
      microPreset,
      write('read.txt', numbers(200)),
      'books',
    )
    expect(name).toBe('books')
    expect(recipe.evaluation.length).toBe(512)
    await expect(readOnlyText('micro', microPreset, write('tiny.txt', 'hello'), 'books')).rejects.toThrow(
      /at least 33/,
    )
  })
})

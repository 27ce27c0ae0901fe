import { expect, it } from 'vitest'
import { byteTokenizer } from './byte/byte-tokenizer'
import { createTokenizer, recordOfTokenizer } from './registry'
import { symbolTokenizer } from './symbols/symbol-tokenizer'

it.each([byteTokenizer, symbolTokenizer(16)])('makes $name from its record again', async (tokenizer) => {
  const record: unknown = JSON.parse(JSON.stringify(recordOfTokenizer(tokenizer)))
  const again = await createTokenizer(record as { name: string })
  expect(recordOfTokenizer(again)).toEqual(record)
  expect(again.encode('abc')).toEqual(tokenizer.encode('abc'))
})

it('takes tokenizers from outside, and names the known ones', async () => {
  const upper = { ...byteTokenizer, name: 'upper' }
  expect(await createTokenizer({ name: 'upper' }, { upper: () => upper })).toBe(upper)
  await expect(createTokenizer({ name: 'bpe' }, { upper: () => upper })).rejects.toThrow(
    "unknown tokenizer 'bpe'; known: byte, symbols, none, llama-3, hugging-face, upper",
  )
  await expect(createTokenizer({ name: 'symbols' })).rejects.toThrow(
    'vocabularySize is undefined; it must be a whole number from 1 up',
  )
})

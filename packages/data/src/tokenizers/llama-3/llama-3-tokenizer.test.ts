import library from 'llama3-tokenizer-js'
import { expect, it } from 'vitest'
import { createTokenizer, recordOfTokenizer } from '../registry'

const texts = [
  'Hello, world!',
  "I'll say it's 1234567 o'clock\r\n\n  and   more \t spaces  ",
  'naïve — 鯨 🐋 Ελληνικά Русский',
  'grabbed by the aliens',
]

it('makes the tokens that the package makes itself, and gives the texts back', async () => {
  const tokenizer = await createTokenizer({ name: 'llama-3' })
  expect(tokenizer).toMatchObject({
    vocabularySize: 128_256,
    bosToken: 128_000,
    endTokens: [128_001, 128_009],
  })
  expect(recordOfTokenizer(tokenizer)).toEqual({ name: 'llama-3' })
  for (const text of texts) {
    const tokens = tokenizer.encode(text)
    expect([...tokens]).toEqual(library.encode(text, { bos: false, eos: false }))
    expect(tokenizer.decode(tokens)).toBe(text)
  }
  expect([...tokenizer.encode('<|eot_id|>', { special: true })]).toEqual([128_009])
  expect(tokenizer.encode('<|eot_id|>').length).toBeGreaterThan(1)
})

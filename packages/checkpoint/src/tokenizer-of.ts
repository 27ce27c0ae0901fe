import { byteTokenizer, symbolTokenizer, type Tokenizer } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'

/** What is stored of the tokenizer of what a recipe trains on: bytes of text, its symbols, or whose tokens it says. */
export function tokenizerOf({
  data,
  size: { vocabularySize },
}: Pick<Recipe, 'data' | 'size'>): Pick<Tokenizer, 'name' | 'options' | 'vocabularySize'> {
  if (data.kind === 'languages' || data.kind === 'needle') return symbolTokenizer(vocabularySize)
  if (data.kind !== 'tokens') return byteTokenizer
  const name = data.tokenizer
  return { name, vocabularySize, ...(name === 'none' && { options: { vocabularySize } }) }
}

/**
 * Whether models of a recipe met the tokenizer's BOS at the beginning of documents, and so should be given it there.
 * The windows of books and texts are cut from inside documents and the languages have no BOS: there, a BOS would be a
 * token that was never trained. Arrays of Llama 3's tokens have one before each document.
 */
export function documentsBeginWithBos({ data }: Pick<Recipe, 'data'>): boolean {
  switch (data.kind) {
    case 'books':
    case 'text':
    case 'languages':
    case 'needle':
      return false
    case 'tokens':
      return data.tokenizer === 'llama-3'
  }
}

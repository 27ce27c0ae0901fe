import type { TokenizerFile } from './tokenizer-file'

interface PreTokenizer {
  type?: string
  individual_digits?: boolean
  pretokenizers?: PreTokenizer[]
}

/**
 * The same tokenizer, its `Digits` said as a split by Unicode's numbers: those are what Hugging Face's tokenizers take for
 * digits (²,  Ⅷ and ٣ too), where the library takes 0 to 9 and other decimal digits alone.
 */
export const withOwnDigits = (file: TokenizerFile): TokenizerFile => ({
  ...file,
  pre_tokenizer: file.pre_tokenizer ? rewritten(file.pre_tokenizer) : null,
})

function rewritten(step: PreTokenizer): object {
  if (step?.type === 'Sequence' && Array.isArray(step.pretokenizers))
    return { ...step, pretokenizers: step.pretokenizers.map(rewritten) }
  if (step?.type !== 'Digits') return step
  const Regex = step.individual_digits ? '\\p{N}' : '\\p{N}+'
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }
}

import type { TokenizerFile } from './tokenizer-file'

interface Rewritable {
  type?: string
  pretokenizers?: Rewritable[]
  normalizers?: Rewritable[]
  individual_digits?: boolean
  add_prefix_space?: boolean
  use_regex?: boolean
  split?: boolean
  replacement?: string
  strip_left?: boolean
  strip_right?: boolean
  pattern?: { Regex?: string; String?: string }
  behavior?: string
  invert?: boolean
}

/** How GPT-2 cuts a text, in Unicode's classes. */
const gpt2 =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+"

/**
 * The same tokenizer with steps that the library takes otherwise than Hugging Face's tokenizers said by others, which it takes
 * the same way:
 *
 * - `Digits` are all of Unicode's numbers (², Ⅷ and ٣ too); the library's are decimal digits alone.
 * - Blanks are Unicode's: U+0085 is one and U+FEFF isn't, in GPT-2's expression of `ByteLevel` and in `Strip`.
 * - `Split` merges its matches with what stands before or after them, or with each other, where it says so; the library
 *   isolates them. `Metaspace` cuts where words begin, unless it says that it doesn't.
 */
export const withRewrittenSteps = (file: TokenizerFile): TokenizerFile => ({
  ...file,
  normalizer: file.normalizer ? normalizer(file.normalizer) : null,
  pre_tokenizer: file.pre_tokenizer ? preTokenizer(file.pre_tokenizer) : null,
})

function preTokenizer(step: Rewritable): object {
  if (step?.type === 'Sequence' && Array.isArray(step.pretokenizers))
    return { ...step, pretokenizers: step.pretokenizers.map(preTokenizer) }
  if (step?.type === 'Digits') return isolated(step.individual_digits ? '\\p{N}' : '\\p{N}+')
  if (step?.type === 'ByteLevel' && step.use_regex !== false) {
    const bytes = { ...step, add_prefix_space: false, use_regex: false }
    const parts = [...(step.add_prefix_space ? [spaceFirst] : []), isolated(gpt2), bytes]
    return { type: 'Sequence', pretokenizers: parts }
  }
  if (step?.type === 'Metaspace' && step.split !== false) {
    const word = { type: 'Split', pattern: { String: step.replacement ?? '▁' }, behavior: 'MergedWithNext' }
    return { type: 'Sequence', pretokenizers: [step, split(word)] }
  }
  return step?.type === 'Split' ? split(step) : step
}

function normalizer(step: Rewritable): object {
  if (step?.type === 'Sequence' && Array.isArray(step.normalizers))
    return { ...step, normalizers: step.normalizers.map(normalizer) }
  if (step?.type !== 'Strip') return step
  const removed = (Regex: string) => ({ type: 'Replace', pattern: { Regex }, content: '' })
  return {
    type: 'Sequence',
    normalizers: [
      ...(step.strip_left ? [removed('\\A\\p{White_Space}+')] : []),
      ...(step.strip_right ? [removed('\\p{White_Space}+\\z')] : []),
    ],
  }
}

/** Puts a space before a text that doesn't begin with one. */
const spaceFirst = { type: 'Metaspace', replacement: ' ', prepend_scheme: 'always' }

const isolated = (Regex: string) => ({
  type: 'Split',
  pattern: { Regex },
  behavior: 'Isolated',
  invert: false,
})

function split(step: Rewritable): object {
  const { Regex, String: text } = step.pattern ?? {}
  const match = Regex ?? (typeof text === 'string' ? escaped(text) : undefined)
  if (match === undefined) return step
  const others = `(?:(?!${match})[\\s\\S])*`
  const merged: Readonly<Record<string, string>> = {
    MergedWithPrevious: `${others}(?:${match})`,
    MergedWithNext: `(?:${match})${others}`,
    Contiguous: `(?:${match})+`,
  }
  const behavior = step.behavior ?? ''
  if (!step.invert && Object.hasOwn(merged, behavior)) return isolated(merged[behavior])
  // Of a text, the library keeps what it is to remove.
  if (behavior === 'Removed') return { ...step, pattern: { Regex: match } }
  // What isn't a match is isolated from matches either way.
  return behavior === 'Isolated' ? { ...step, invert: false } : step
}

const escaped = (text: string) => text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`)

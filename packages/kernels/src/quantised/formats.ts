/** Values along the depth that share a scale and a minimum. */
export const blockDepth = 32
/** Columns whose words stand side by side. */
export const blockColumns = 16

/** How a column's values stand in words of 32 bits. */
export interface QuantisedFormat {
  /** Values whose words stand together: one block, or eight where these share a scale of their scales. */
  depth: number
  /** Of these values. The number tells the format: no two have as many. */
  words: number
}

/**
 * Whole numbers of so many bits, q; the value is scale · q + minimum. In every word the first of its values has the lowest
 * bits, where nothing else is said.
 *
 * - Of one block: a word of scale and minimum in f16, the scale lower (of six bits: the scale in f16 and above it a signed byte for
 *   each half of the block, whose products are the scales; there is no minimum); then four words of the lowest four bits of
 *   q, which is from 0 on (of six bits: less 32; of eight: eight words, and q is signed); then the bits above them: a word of fifth
 *   bits, or two words of fifth and sixth ones.
 * - Grouped, of eight blocks: a word of two f16, of scales and of minima; four words of sixteen bits for each block, six that
 *   the first f16 is multiplied by for its scale, and above them six that the second is, for its minimum less than zero; then
 *   each block's words of q as above.
 */
export const quantisedFormats = {
  '4 bits': { depth: 32, words: 5 },
  '5 bits': { depth: 32, words: 6 },
  '6 bits': { depth: 32, words: 7 },
  '8 bits': { depth: 32, words: 9 },
  '4 bits, grouped': { depth: 256, words: 37 },
  '5 bits, grouped': { depth: 256, words: 45 },
} as const satisfies Record<string, QuantisedFormat>

export type QuantisedFormatName = keyof typeof quantisedFormats

/** The format of so many words; undefined where none has as many. */
export const formatOfWords = (words: number): QuantisedFormatName | undefined =>
  (Object.keys(quantisedFormats) as QuantisedFormatName[]).find(
    (name) => quantisedFormats[name].words === words,
  )

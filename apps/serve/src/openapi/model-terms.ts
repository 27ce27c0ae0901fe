import { mapped, type Json } from './walk'

/** What only the model that is served says of what requests may have. */
export interface ModelTerms {
  /** What it is called. */
  name: string
  vocabularySize: number
  /** Whether its chat template has a place for tools. */
  takesTools: boolean
}

/** Formats of fields whose limits are the model's. */
export const tokenId = 'token-id'
export const tools = 'tools'
export const modelName = 'model-name'

/** The same with limits in the place of what only a model says. */
export const withModel = (document: Json, { name, vocabularySize, takesTools }: ModelTerms): unknown =>
  mapped(document, (part) => {
    if (part.format === tokenId)
      return part.type === 'integer'
        ? { ...part, maximum: vocabularySize - 1 }
        : { ...part, pattern: `^(${upTo(vocabularySize - 1)})$` }
    if (part.format === modelName) return { ...part, enum: [name] }
    if (part.format === tools && !takesTools) return { ...part, maxItems: 0 }
    return part
  })

/** An expression for the whole numbers from 0 to `most`, in decimal. */
export function upTo(most: number): string {
  const digits = String(most)
  // Fewer digits; then as many, of which a first one is smaller; then the number itself.
  const shorter = digits.length > 1 ? ['0', `[1-9]\\d{0,${digits.length - 2}}`] : []
  const smaller = [...digits].flatMap((digit, i) => {
    const least = i === 0 && digits.length > 1 ? 1 : 0
    if (Number(digit) <= least) return []
    const rest = digits.length - i - 1
    return `${digits.slice(0, i)}[${least}-${Number(digit) - 1}]${rest > 0 ? `\\d{${rest}}` : ''}`
  })
  return [...shorter, ...smaller, digits].join('|')
}

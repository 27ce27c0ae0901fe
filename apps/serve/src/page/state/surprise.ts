/** A part of a text, and how badly it was predicted. */
export interface Surprise {
  text: string
  /** Nats, mean of its tokens; none where nothing predicted it. */
  nats: number | null
  tokens: number
}

/** The tokens of a text with their surprise; those that are of one character are one. @param scores.offsets where each token's character begins (UTF-16) */
export function surprisesOf(
  text: string,
  { offsets, logprobs }: { offsets: readonly number[]; logprobs: readonly (number | null)[] },
): Surprise[] {
  const found: Surprise[] = []
  let from = 0
  while (from < offsets.length) {
    let to = from + 1
    while (to < offsets.length && offsets[to] === offsets[from]) to++
    const known = logprobs.slice(from, to).filter((each) => each !== null)
    const nats = known.length === 0 ? null : -known.reduce((sum, each) => sum + each, 0) / known.length
    found.push({ text: text.slice(offsets[from], offsets[to]), nats, tokens: to - from })
    from = to
  }
  return found
}

/** Mean nats per token of all that was predicted; NaN where nothing was. */
export function meanNats(surprises: readonly Surprise[]): number {
  const known = surprises.filter(({ nats }) => nats !== null)
  const tokens = known.reduce((sum, each) => sum + each.tokens, 0)
  return known.reduce((sum, { nats, tokens }) => sum + nats! * tokens, 0) / tokens
}

/** Shares of all that is looked at, above which surprise is marked one step stronger. */
const borders = [0.5, 0.7, 0.85, 0.95]

/**
 * How strongly parts of a text are to be marked: 0 where they were expected as well as half of all or better, 4 for the
 * worst twentieth.
 *
 * @param all what is looked at, side by side too, so that it is measured by one scale
 */
export function levelsOf(all: readonly Surprise[]): (surprise: Surprise) => number {
  const sorted = all
    .map(({ nats }) => nats)
    .filter((each) => each !== null)
    .toSorted((a, b) => a - b)
  const limits = borders.map(
    (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))],
  )
  return ({ nats }) => (nats === null ? 0 : limits.filter((limit) => nats > limit).length)
}

/** The parts of a text that were read in one stretch each, with their loss. */
export function stretchesOf(
  text: string,
  ends: readonly number[],
  stretches: readonly { end: number; loss: number }[],
): Surprise[] {
  let [from, tokens] = [0, 0]
  const parts: Surprise[] = []
  for (const { end, loss } of stretches) {
    const to = end <= ends.length ? ends[end - 1] : text.length
    if (to > from) parts.push({ text: text.slice(from, to), nats: loss, tokens: end - tokens })
    ;[from, tokens] = [to, end]
    if (to >= text.length) break
  }
  return parts
}

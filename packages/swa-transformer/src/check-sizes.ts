import { SizeError } from './size-error'

type Rule = { allowed: string; holds(value: number): boolean }

const whole = (least: number, most: number): Rule => ({
  allowed: `a whole number from ${least} to ${most}`,
  holds: (value) => Number.isSafeInteger(value) && value >= least && value <= most,
})
const between = (least: number, most: number): Rule => ({
  allowed: `a number from ${least} to ${most}`,
  holds: (value) => value >= least && value <= most,
})
const share = between(0, 1)

/** Longer than an axis of any model's tensors. */
const longestAxis = 1e9

/** What each size of a model may be by itself; what it may be beside others is for those to say that use both. */
const rules: Readonly<Record<string, Rule>> = {
  vocabularySize: whole(1, longestAxis),
  hiddenSize: whole(1, longestAxis),
  heads: whole(1, longestAxis),
  // Each is an object before anything runs.
  layers: whole(1, 10_000),
  intermediateSize: whole(0, longestAxis),
  primeWidth: whole(1, longestAxis),
  suffixBlocks: whole(0, 10_000),
  window: whole(0, longestAxis),
  chunk: whole(1, longestAxis),
  lossChunk: whole(1, longestAxis),
  preConv: whole(0, longestAxis),
  innerRate: {
    allowed: "a number from 0 to 10000: float32 can't follow what weights become at larger ones",
    holds: (value) => value >= 0 && value <= 1e4,
  },
  innerDecay: share,
  decay: share,
  // In float32 what is below is none, and what is above infinite.
  maxNorm: between(1e-30, 1e30),
  // Below 1 an angle grows with the pair's index.
  ropeTheta: between(1, 1e30),
  normEpsilon: between(1e-30, 1),
}

/**
 * Checks sizes one by one, by their names. Those that have no rule are passed over.
 *
 * @param above0 which of them can't be 0 here
 * @throws SizeError for the first that can't be: which, what was given, what is allowed
 */
export function checkSizes(sizes: object, above0: readonly string[] = []): void {
  for (const [name, value] of Object.entries(sizes) as [string, unknown][]) {
    const own = Object.hasOwn(rules, name) ? rules[name] : undefined
    const rule = above0.includes(name) ? whole(1, longestAxis) : own
    if (rule === undefined || (typeof value === 'number' && rule.holds(value))) continue
    const given = value === undefined ? 'missing' : typeof value === 'number' ? value : JSON.stringify(value)
    throw new SizeError(`${name} is ${given}; it must be ${rule.allowed}`)
  }
}

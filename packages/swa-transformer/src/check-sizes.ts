import { SizeError } from './size-error'

type Rule = { allowed: string; holds(value: number): boolean }

const whole = (least: number, most = Infinity): Rule => ({
  allowed: `a whole number from ${least} ${most === Infinity ? 'on' : `to ${most}`}`,
  holds: (value) => Number.isSafeInteger(value) && value >= least && value <= most,
})
const positive: Rule = { allowed: 'a number above 0', holds: (value) => value > 0 && value < Infinity }
const share: Rule = { allowed: 'a number from 0 to 1', holds: (value) => value >= 0 && value <= 1 }

/** What each size of a model may be by itself; what it may be beside others is for those to say that use both. */
const rules: Readonly<Record<string, Rule>> = {
  vocabularySize: whole(1),
  hiddenSize: whole(1),
  heads: whole(1),
  // Each is an object before anything runs.
  layers: whole(1, 10_000),
  intermediateSize: whole(0),
  primeWidth: whole(1),
  suffixBlocks: whole(0),
  window: whole(0),
  chunk: whole(1),
  lossChunk: whole(1),
  preConv: whole(0),
  innerRate: {
    allowed: "a number from 0 to 10000: float32 can't follow what weights become at larger ones",
    holds: (value) => value >= 0 && value <= 1e4,
  },
  innerDecay: share,
  decay: share,
  maxNorm: positive,
  ropeTheta: positive,
  normEpsilon: positive,
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
    const rule = above0.includes(name) ? whole(1) : own
    if (rule === undefined || (typeof value === 'number' && rule.holds(value))) continue
    const given = value === undefined ? 'missing' : typeof value === 'number' ? value : JSON.stringify(value)
    throw new SizeError(`${name} is ${given}; it must be ${rule.allowed}`)
  }
}

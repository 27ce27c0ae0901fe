import { createRandom, type Random } from '@ttt-e2e/tensor-ops'
import { ByWeight } from './by-weight'

export interface SamplingOptions {
  /** 0 takes the likeliest token; 1 (the default) samples from the model's own distribution. */
  temperature?: number
  /** Samples among the likeliest tokens that together hold this probability (nucleus sampling); 1 for all. */
  topP?: number
  /** Samples among so many likeliest tokens; 0 for all. */
  topK?: number
  /** Samples among the tokens that have at least this part of the likeliest one's probability; 0 for all. */
  minP?: number
  /** Divides the logits above 0 of tokens that came before, and multiplies those below 0; 1 for none. */
  repetitionPenalty?: number
  /** Taken from the logit of each token that was generated before. */
  presencePenalty?: number
  /** Taken from the logit of a token once for each time that it was generated before. */
  frequencyPenalty?: number
  /** Added to the logits of tokens. */
  logitBias?: Readonly<Record<number, number>>
}

/** Draws the tokens of one text, and keeps count of them. */
export class Sampler {
  private readonly random: Random
  private readonly generated = new Map<number, number>()
  private readonly seen: Set<number>

  /** @param prompt tokens that came before, which `repetitionPenalty` counts too */
  constructor(
    private readonly options: SamplingOptions = {},
    { seed = 0, prompt = [] }: { seed?: number; prompt?: Iterable<number> } = {},
  ) {
    this.random = createRandom(seed)
    this.seen = new Set(prompt)
  }

  /** @param logits of the model [V], which stay as they are */
  draw(logits: Float32Array): number {
    const token = sampleToken(this.penalised(logits), this.random, this.options)
    this.generated.set(token, (this.generated.get(token) ?? 0) + 1)
    this.seen.add(token)
    return token
  }

  private penalised(logits: Float32Array): Float32Array {
    const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0, logitBias = {} } = this.options
    const biases = Object.entries(logitBias)
    const counts = presencePenalty !== 0 || frequencyPenalty !== 0
    if (repetitionPenalty === 1 && !counts && biases.length === 0) return logits
    const changed = logits.slice()
    if (repetitionPenalty !== 1)
      for (const token of this.seen)
        changed[token] = finite(
          changed[token] * (changed[token] > 0 ? 1 / repetitionPenalty : repetitionPenalty),
        )
    if (counts)
      for (const [token, count] of this.generated)
        changed[token] -= presencePenalty + frequencyPenalty * count
    for (const [token, bias] of biases) changed[Number(token)] += bias
    return changed
  }
}

/** The largest float32. */
const largest = 2 ** 128 - 2 ** 104

/** Penalties may be as small as numbers are; between two infinite logits nothing could be drawn. */
const finite = (logit: number): number => Math.max(-largest, Math.min(largest, logit))

/** Draws a token. @param logits [V] */
export function sampleToken(logits: Float32Array, random: Random, options: SamplingOptions = {}): number {
  const { temperature = 1, topP = 1, topK = 0, minP = 0 } = options
  const highest = likeliestToken(logits)
  if (temperature === 0) return highest
  const tokens = new ByWeight(logits, highest, temperature, minP)
  const ofTopK = topK > 0 ? tokens.take(topK, () => false) : tokens.all
  const nucleus = topP < 1 ? tokens.take(ofTopK.count, (weight) => weight >= topP * ofTopK.weight) : ofTopK
  const drawn = random.uniform() * nucleus.weight
  return tokens.take(nucleus.count, (weight) => weight > drawn).last
}

/** The first of the largest. */
function likeliestToken(logits: Float32Array): number {
  let best = 0
  for (let token = 1; token < logits.length; token++) if (logits[token] > logits[best]) best = token
  return best
}

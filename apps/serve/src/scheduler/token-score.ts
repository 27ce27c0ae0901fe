import type { Tokenizer } from '@ttt-e2e/data'

/** A token and how likely the model held it to be, in nats, given all before it. */
export interface ScoredToken {
  token: number
  /** As text; `token_id:17` for one that is no text on its own, such as a byte of a longer character. */
  text: string
  /** What the token stands for as UTF-8; null where it is no text on its own. */
  bytes: number[] | null
  /** null for the first token of a text, which nothing predicts. */
  logprob: number | null
}

/** A token of a text, and the likeliest ones at its place. */
export interface TokenScore extends ScoredToken {
  /** Characters of the text before the one that the token belongs to. */
  at: number
  top: ScoredToken[]
}

/** Scores the tokens of a text one after another. */
export class TokenScorer {
  private readonly pieces: ReturnType<Tokenizer['stream']>
  private length = 0

  /**
   * @param count how many of the likeliest tokens to list at each place
   * @param unfinished tokens of a character that began before the text
   */
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly count: number,
    unfinished: readonly number[] = [],
  ) {
    this.pieces = tokenizer.stream(unfinished)
  }

  /** @param logits what was predicted for the token's place [V], by the model itself: before temperature and penalties */
  score(token: number, logits: Float32Array | undefined): TokenScore {
    const { text, bytes } = nameToken(this.tokenizer, token)
    const complete = this.pieces.push(token)
    // What was held back may become text together with a token that is none of it.
    const before = bytes && complete.endsWith(text) ? complete.length - text.length : 0
    const at = this.length + before
    this.length += complete.length
    return { ...scoreToken(this.tokenizer, token, logits, this.count), at }
  }
}

function scoreToken(
  tokenizer: Tokenizer,
  token: number,
  logits: Float32Array | undefined,
  count: number,
): Omit<TokenScore, 'at'> {
  if (!logits) return { ...nameToken(tokenizer, token), logprob: null, top: [] }
  const total = logSumExp(logits)
  const scored = (each: number): ScoredToken => ({
    ...nameToken(tokenizer, each),
    logprob: logits[each] - total,
  })
  return { ...scored(token), top: likeliest(logits, count).map(scored) }
}

function logSumExp(logits: Float32Array): number {
  let highest = -Infinity
  for (const logit of logits) if (logit > highest) highest = logit
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - highest)
  return highest + Math.log(sum)
}

/** So many tokens, the likeliest first; equally likely ones by their number. */
function likeliest(logits: Float32Array, count: number): number[] {
  const found: number[] = []
  if (count === 0) return found
  for (let token = 0; token < logits.length; token++) {
    if (found.length === count && !(logits[token] > logits[found[count - 1]])) continue
    let place = found.length
    while (place > 0 && logits[token] > logits[found[place - 1]]) place--
    found.splice(place, 0, token)
    if (found.length > count) found.pop()
  }
  return found
}

function nameToken(tokenizer: Tokenizer, token: number) {
  const text = token < tokenizer.vocabularySize ? tokenizer.decode([token]) : ''
  const isText = text !== '' && !text.includes('\ufffd')
  return isText
    ? { token, text, bytes: [...new TextEncoder().encode(text)] }
    : { token, text: `token_id:${token}`, bytes: null }
}

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
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity)
  const total = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0))
  const scored = (each: number): ScoredToken => ({
    ...nameToken(tokenizer, each),
    logprob: logits[each] - total,
  })
  return { ...scored(token), top: likeliest(logits, count).map(scored) }
}

function likeliest(logits: Float32Array, count: number): number[] {
  const found: number[] = []
  for (let i = 0; i < Math.min(count, logits.length); i++) {
    let best = -1
    logits.forEach((logit, token) => {
      if (!found.includes(token) && (best < 0 || logit > logits[best])) best = token
    })
    found.push(best)
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

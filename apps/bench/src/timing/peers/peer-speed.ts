import { z } from 'zod'
import type { Work } from '../measurement'

/** A speed that a peer's script printed, in this bench's words. */
export interface PeerSpeed {
  /** The implementation, with its version where the script says it. */
  peer: string
  system: string
  work: Work
  size: string
  precision: string
  batch: number
  /** Tokens of a sequence; for decoding those read before. */
  length: number
  tokensPerSecond: number
}

const positive = z.number().positive()
const what = z.enum(['train_step', 'prefill', 'decode'])

/** A system by the names that scripts have for it. */
const names: Record<string, string> = {
  ttt: 'ttt-e2e',
  fa: 'full-attention',
  full: 'full-attention',
  swa: 'swa',
  'mamba2 HF same layers': 'mamba2',
}
const system = z.string().transform((name) => names[name] ?? name)

const sequences = z
  .object({
    method: system,
    size: z.string(),
    what: what.exclude(['decode']),
    dtype: z.string(),
    batch: positive.default(1),
    T: positive,
    tokens_per_s: positive,
    peer: z.string().optional(),
  })
  .transform((line) => ({ ...line, system: line.method, precision: line.dtype, length: line.T, tokensPerSecond: line.tokens_per_s })) // prettier-ignore

const oneSequence = z
  .object({
    model: system,
    size: z.string(),
    what: what.exclude(['decode']),
    prec: z.string(),
    T: positive,
    tok_s: positive,
    peer: z.string().optional(),
  })
  .transform((line) => ({ ...line, system: line.model, precision: line.prec, batch: 1, length: line.T, tokensPerSecond: line.tok_s })) // prettier-ignore

const decoding = z
  .object({
    model: system,
    size: z.string(),
    what: what.extract(['decode']),
    prec: z.string(),
    ctx: positive,
    ms_tok: positive,
    peer: z.string().optional(),
  })
  .transform((line) => ({ ...line, system: line.model, precision: line.prec, batch: 1, length: line.ctx, tokensPerSecond: 1000 / line.ms_tok })) // prettier-ignore

const line = z.union([sequences, oneSequence, decoding])

/** @returns what a line of a script's output says, or undefined where it is no speed */
export function readPeerSpeed(text: string, script: string): PeerSpeed | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const { success, data } = line.safeParse(json)
  if (!success) return undefined
  const { system, size, precision, batch, length, tokensPerSecond, peer = script } = data
  return { peer, system, work: workOf(data.what, system), size, precision, batch, length, tokensPerSecond }
}

function workOf(name: z.infer<typeof what>, of: string): Work {
  if (name === 'train_step') return 'training step'
  if (name === 'decode') return 'decoding'
  return of === 'ttt-e2e' ? 'reading and learning' : 'reading'
}

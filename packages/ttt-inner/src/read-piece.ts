import { disposeTree, tf, tidy, type Tensor } from '@ttt-e2e/tensor-ops'
import { growPrefix, growSuffix, readPrefix } from '@ttt-e2e/swa-transformer'
import { learnRows, predictRows } from './chunk-programs'
import type { PieceNats } from './piece-nats'
import { endAfter, openAt, positionTensor, type ReaderState } from './reader-state'
import type { Params, System } from './system'
import type { TokenBlock } from './token-block'

/** What is read with. */
export interface ReadingModel {
  system: System
  params: Params
  /** Of the inner steps; the rule's own where left out. */
  rate?: number
  /** Of the inner steps, see `LearningRule.decay`; the rule's own where left out. */
  decay?: number
  /** A token that is never learned to be predicted. */
  bosToken?: number
}

export interface Piece {
  /** The tokens to read and, where it is known, the one after them. */
  known: TokenBlock
  /** Tokens to read of each sequence. */
  length: number
  /** Whether full chunks are learned from. */
  learn: boolean
  /** Gets the nats of all that is known but the first token. */
  nats: PieceNats
}

/**
 * Moves the state on by a piece: through the prefix at once, through the suffix as far as each open chunk goes.
 *
 * @returns whether what the blocks remember had to grow for it: what it was lies idle
 */
export function readPiece(model: ReadingModel, state: ReaderState, piece: Piece): boolean {
  const { known, length } = piece
  if (length === 0) return false
  const prefixGrew = growPrefix(model.system.decoder, state.prefix, endAfter(state, length))
  const hidden = throughPrefix(model, state, known.columns(0, length))
  let suffixGrew = false
  for (let at = 0; at < length;) {
    const { rows, grew } = throughSuffix(model, state, piece, hidden, at)
    suffixGrew ||= grew
    at += rows
    state.positions = state.positions.map((position) => position + rows)
  }
  hidden.dispose()
  return prefixGrew || suffixGrew
}

function throughPrefix({ system, params }: ReadingModel, state: ReaderState, block: TokenBlock): Tensor {
  const { decoder } = system
  const [tokens, position] = [block.tensor(), positionTensor(state.positions)]
  const { hidden, states } = readPrefix(decoder, params, tokens, state.prefix, position)
  disposeTree([tokens, position])
  state.prefix = states
  return hidden
}

/** Reads from column `at` on as far as the open chunk goes. @returns how many tokens that was, and whether states had to grow */
function throughSuffix(
  model: ReadingModel,
  state: ReaderState,
  { known, length, learn, nats }: Piece,
  hidden: Tensor,
  at: number,
): { rows: number; grew: boolean } {
  const { rule } = model.system
  const size = rule?.chunk ?? Infinity
  if (state.open.tokens.length === size) {
    if (learn) learnOpenChunk(model, state, 0, known.columns(at, at + 1)).dispose()
    else closeChunk(state)
  }
  const rows = Math.min(length - at, size - state.open.tokens.length)
  const end = at + rows
  const own = tidy(() => tf.slice(hidden, [0, at, 0], [-1, rows, -1]))
  if (rule) extendOpenChunk(state, known.columns(at, end), own)
  let grew = false
  if (learn && rows === size && end < known.length) {
    // The whole chunk and the token after it are here: the step's own prediction is the only one needed.
    nats.add(at + 1, learnOpenChunk(model, state, rows, known.columns(end, end + 1)))
  } else {
    grew = growSuffix(model.system.decoder, state.suffix, endAfter(state, rows))
    const losses = predict(model, state, own, known.columns(at + 1, Math.min(end + 1, known.length)))
    if (losses) nats.add(at + 1, losses)
  }
  own.dispose()
  return { rows, grew }
}

/**
 * With room for these rows.
 *
 * @param following the tokens after them, as far as they are known
 * @returns their nats [B, n], if there are any
 */
function predict(
  { system, params }: ReadingModel,
  state: ReaderState,
  hidden: Tensor,
  following: TokenBlock,
): Tensor | undefined {
  const { decoder } = system
  const [targets, position] = [following.tensor(), positionTensor(state.positions)]
  const { states, last, losses } = predictRows(system, {
    params: decoder.suffixParams(params),
    weights: state.fast ?? params.prime,
    hidden,
    states: state.suffix,
    position,
    targets,
  })
  disposeTree([targets, position, state.suffix])
  state.suffix = states
  replaceLast(state, last)
  return losses
}

/**
 * The inner step on the open chunk.
 *
 * @param uncounted tokens of the chunk that `positions` don't count yet
 * @param next the token after it [B, 1]
 * @returns its nats [B, b]
 */
export function learnOpenChunk(
  { system, params, rate = system.rule!.rate, decay = system.rule!.decay ?? 0, bosToken }: ReadingModel,
  state: ReaderState,
  uncounted: number,
  next: TokenBlock,
): Tensor {
  const { decoder } = system
  const { tokens, hidden } = state.open
  const end = endAfter(state, uncounted)
  const starts = state.positions.map((position) => position + uncounted - tokens.length)
  growSuffix(decoder, state.open.states, end)
  const following = tokens.columns(1, tokens.length).followedBy(next)
  const mask = Float32Array.from(following.tokens, (token) => (token === bosToken ? 0 : 1))
  const data = {
    targets: following.tensor(),
    mask: tf.tensor(mask, [following.batch, following.length]),
    rate: tf.scalar(rate),
    position: positionTensor(starts),
  }
  const fast = state.fast!
  const share = decay > 0 ? tf.scalar(decay) : undefined
  const learned = learnRows(system, {
    params: decoder.suffixParams(params),
    fast,
    hidden: hidden!,
    states: state.open.states,
    ...(share && { decay: { start: params.prime, share } }),
    ...data,
  })
  disposeTree([data, fast, state.suffix])
  share?.dispose()
  state.fast = learned.fast
  state.suffix = learned.states
  replaceLast(state, learned.last)
  closeChunk(state)
  state.steps = state.steps.map((steps) => steps + 1)
  return learned.tokenLosses
}

/** The nats of tokens [B, 1] that follow what `last` [B, 1, D] is of: [B, 1]. */
export function natsAfter(
  { system: { decoder }, params }: ReadingModel,
  last: Tensor,
  tokens: TokenBlock,
): Tensor {
  return tidy(() => decoder.losses(decoder.suffixParams(params), last, tokens.tensor()))
}

function extendOpenChunk({ open }: ReaderState, tokens: TokenBlock, hidden: Tensor): void {
  const before = open.hidden
  open.hidden = tidy(() => (before ? tf.concat([before, hidden], 1) : tf.clone(hidden)))
  before?.dispose()
  open.tokens = open.tokens.followedBy(tokens)
}

/** Leaves a full chunk behind: the next one is open. */
export function closeChunk(state: ReaderState): void {
  const { tokens, hidden, states } = state.open
  hidden?.dispose()
  disposeTree(states)
  state.open = openAt(state.suffix, tokens.batch)
}

function replaceLast(state: ReaderState, last: Tensor): void {
  state.last?.dispose()
  state.last = last
}

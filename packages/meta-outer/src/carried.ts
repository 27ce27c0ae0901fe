import { tidy, treeSize, type Batch } from '@ttt-e2e/tensor-ops'
import { startFastWeights, type Params, type System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from './chunk-steps'

/** What a walk carries from step to step, in bytes of float32. */
export interface Carried {
  /** Chunks K of the suffix. */
  chunks: number
  /** Over one border of chunks: fast weights and the suffix's states. */
  chunkBytes: number
  /** Over all borders of the prefix's stages together. */
  prefixBytes: number
}

/** The same system walks sequences of the same shape again and again. */
const known = new WeakMap<System, Map<string, Carried>>()

/** By the shapes. */
export function carriedBy(system: System, params: Params, { batch, length }: Batch): Carried {
  const ofSystem = known.get(system) ?? new Map<string, Carried>()
  known.set(system, ofSystem)
  const shape = `${batch} × ${length}`
  const carried = ofSystem.get(shape) ?? counted(system, params, batch, length)
  ofSystem.set(shape, carried)
  return carried
}

function counted(system: System, params: Params, batch: number, length: number): Carried {
  const { decoder, rule } = system
  const piece = pieceOf(system, length)
  const elements = { count: 0 }
  tidy(() => {
    const states = decoder.startSuffix(decoder.suffixParams(params), batch)
    // As a scan of several chunks reserves them.
    elements.count += treeSize(decoder.reserveSuffix(states, length > piece ? length : 0))
    if (rule) elements.count += treeSize(startFastWeights(params.prime, batch))
    return []
  })
  return {
    chunks: Math.ceil(length / piece),
    chunkBytes: 4 * elements.count,
    prefixBytes: 4 * batch * length * decoder.config.hiddenSize * (decoder.prefix.length + 1),
  }
}

/** Carries that are held at once where every n-th is kept, and those between are computed again on the way back. */
export const carriesOf = (chunks: number, stride: number): number => Math.ceil(chunks / stride) + stride - 1

/** The least stride whose carries are no more than so many; where none is, that with the fewest, about √K. */
export function strideWithin(chunks: number, most: number): number {
  let fewest = 1
  for (let stride = 1; stride <= chunks; stride++) {
    if (carriesOf(chunks, stride) <= most) return stride
    if (carriesOf(chunks, stride) < carriesOf(chunks, fewest)) fewest = stride
  }
  return fewest
}

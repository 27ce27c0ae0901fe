import { tidy, treeSize, type Batch } from '@ttt-e2e/tensor-ops'
import { startFastWeights, type Params, type System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from './chunk-steps'

/** What a walk carries from step to step, in bytes of float32. */
export interface Carried {
  /** Chunks K of the suffix. */
  chunks: number
  /** Over one border of chunks: fast weights, and states that don't last. */
  borderBytes: number
  /** Over all borders of chunks together: states that last, see `SequenceMixer.lasts`. */
  lastingBytes: number
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
  const counts = { border: 0, lasting: 0 }
  tidy(() => {
    // As a scan of several chunks reserves them.
    const room = length > piece ? length : 0
    const start = decoder.startSuffix(decoder.suffixParams(params), batch)
    const states = start.map((state, s) => decoder.reserveSuffix(state, s, room))
    const lasts = decoder.suffixLasts(states, length)
    states.forEach(({ mixer, ...rest }, s) => {
      counts[lasts[s] ? 'lasting' : 'border'] += treeSize(mixer)
      counts.border += treeSize(rest)
    })
    if (rule) counts.border += treeSize(startFastWeights(params.prime, batch))
    return []
  })
  return {
    chunks: Math.ceil(length / piece),
    borderBytes: 4 * counts.border,
    lastingBytes: 4 * counts.lasting,
    prefixBytes: 4 * batch * length * decoder.config.hiddenSize * (decoder.prefix.length + 1),
  }
}

/**
 * Borders of K chunks, the first is 0, whose carries are kept so that no more than so many are held at once on the way back,
 * where those between are computed again. Where so many aren't enough, the fewest that are, s with s (s + 1) / 2 ≥ K, about
 * √(2K): chunks that are pulled back later, when fewer borders are kept before them, have more between two.
 */
export function keptBorders(chunks: number, most: number): number[] {
  const fewest = Math.ceil((Math.sqrt(8 * chunks + 1) - 1) / 2)
  const held = Math.min(chunks, Math.max(fewest, Math.floor(most)))
  const borders: number[] = []
  for (let border = 0; borders.length < held;) {
    const left = held - borders.length
    borders.push(border)
    border += Math.min(left, chunks - border - (left - 1))
  }
  return borders
}

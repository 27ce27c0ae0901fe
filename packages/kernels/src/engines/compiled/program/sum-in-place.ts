import type { BlockData } from '../data'
import type { RecordedCall } from './recording'

export interface PlannedCall extends RecordedCall {
  /** Which outputs are added to what stands in their place. */
  accumulate?: readonly boolean[]
}

/** A step's calls, sums being formed where their first term stands. */
export interface PlannedCalls {
  calls: readonly PlannedCall[]
  /** The data in whose place others stand. */
  storageOf(data: BlockData): BlockData
}

/**
 * Products add their terms in steps of this depth (gemm.h): one that takes a single step gives the same bits added in
 * place as added afterwards.
 */
const oneStep = 256

/** Whether a kernel can add this output to what stands in its place, with the bits of an addition afterwards. */
function accumulates({ name, inputShapes: [x, weight] }: RecordedCall, output: number): boolean {
  if ((name !== 'LinearGrad' && name !== 'LinearGradGrad') || output !== 1) return false
  const batch = weight.length === 3 ? weight[0] : 1
  const rows = x.slice(0, -1).reduce((product, dim) => product * dim, 1) / batch
  return rows <= oneStep
}

const sameShape = (a: readonly number[], b: readonly number[] | undefined) => a.join() === b?.join()

/**
 * Forms sums where their first term stands, if nothing else reads that term: gradients of one weight come from many
 * places, and memory traffic is most of what adding them costs. Where the second term is a product, it is added by the
 * product itself.
 *
 * @param spent inputs that may be overwritten
 * @param stays whether data are needed after the step, in places of their own
 */
export function sumInPlace(
  calls: readonly RecordedCall[],
  spent: ReadonlySet<BlockData>,
  stays: (data: BlockData) => boolean,
): PlannedCalls {
  const reads = new Map<BlockData, number>()
  /** The call after which data are complete, −1 for spent inputs. */
  const ready = new Map<BlockData, number>([...spent].map((data) => [data, -1]))
  const producers = new Map<BlockData, { call: number; output: number }>()
  calls.forEach((call, c) => {
    for (const input of call.inputs) if (input !== undefined) reads.set(input, (reads.get(input) ?? 0) + 1)
    call.outputs.forEach((data, output) => {
      if (data === undefined) return
      producers.set(data, { call: c, output })
      ready.set(data, c)
    })
  })
  const storage = new Map<BlockData, BlockData>()
  const storageOf = (data: BlockData): BlockData => {
    let at = data
    for (let next = storage.get(at); next !== undefined; next = storage.get(at)) at = next
    return at
  }
  const planned: (PlannedCall | undefined)[] = [...calls]
  const readOnce = (data: BlockData) => reads.get(data) === 1

  calls.forEach((call, c) => {
    if (call.name !== 'Add') return
    const [first, second] = call.inputs as [BlockData, BlockData]
    const [sum] = call.outputs
    const [shape] = call.outputShapes
    if (sum === undefined || first === second || !call.inputShapes.every((each) => sameShape(each, shape)))
      return
    if (!ready.has(first) || !readOnce(first) || (stays(first) && !spent.has(first))) return
    const place = storageOf(first)
    if (stays(sum)) {
      // A result lies in its own place, which the terms then share, or in that of an input that was given up for it.
      if (spent.has(place)) storage.set(sum, place)
      else storage.set(place, sum)
    } else storage.set(sum, place)

    const product = producers.get(second)
    if (!product || !readOnce(second) || stays(second) || storageOf(second) !== second) return
    const { call: p, output } = product
    if (ready.get(first)! >= p || !accumulates(calls[p], output)) return
    const accumulate = [...(planned[p]!.accumulate ?? calls[p].outputs.map(() => false))]
    accumulate[output] = true
    planned[p] = { ...planned[p]!, accumulate }
    planned[c] = undefined
    storage.set(second, storageOf(sum))
    ready.set(sum, p)
  })
  const moved = (data: BlockData | undefined) => data && storageOf(data)
  return {
    storageOf,
    calls: planned
      .filter((call) => call !== undefined)
      .map((call) => ({ ...call, inputs: call.inputs.map(moved), outputs: call.outputs.map(moved) })),
  }
}

import { createRandom, gatherUneven, type Communicator } from '@ttt-e2e/tensor-ops'

const rounds = 200

/**
 * Operations that all ranks draw alike, begun at moments that each draws for itself: some together, some after a wait, some
 * behind a computation that holds the thread.
 *
 * @throws if one gives anything but what it should
 */
export async function withDelays(ranks: Communicator): Promise<void> {
  const { rank, size } = ranks
  const shared = createRandom(Number(process.env.TTT_E2E_DELAYS ?? 1))
  const own = createRandom(Date.now() + rank)
  let waiting: Promise<unknown>[] = []
  for (let round = 0; round < rounds; round++) {
    const kind = shared.integer(5)
    const length = 1 + shared.integer(20_000)
    const root = shared.integer(size)
    const delay = own.integer(4)
    if (delay === 0) await new Promise((resolve) => setTimeout(resolve, own.integer(8)))
    if (delay === 1) for (const until = performance.now() + own.integer(4); performance.now() < until;);
    // It is two operations, one after the other: nothing may come between them.
    const alone = kind === 4
    if (alone) await Promise.all(waiting)
    waiting.push(operation(ranks, kind, length, root))
    if (!alone && shared.integer(3) > 0) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
}

async function operation(ranks: Communicator, kind: number, length: number, root: number): Promise<void> {
  const { rank, size } = ranks
  const total = (size * (size - 1)) / 2
  const counts = Array.from({ length: size }, (_, r) => (r === root ? length : 3))
  const all = counts.reduce((sum, count) => sum + count, 0)
  const expectAll = (values: ArrayLike<number>, wanted: (i: number) => number) => {
    for (let i = 0; i < values.length; i++)
      if (values[i] !== wanted(i)) throw new Error(`operation ${kind} gave ${values[i]} at ${i}`)
  }
  if (kind === 0) await ranks.barrier()
  if (kind === 1) expectAll(await ranks.reduceScatter(new Float32Array(all).fill(rank), counts), () => total)
  if (kind === 2) {
    const owners = counts.flatMap((count, r) => Array.from({ length: count }, () => r))
    expectAll(await ranks.allGather(new Float32Array(counts[rank]).fill(rank), counts), (i) => owners[i])
  }
  if (kind === 3) expectAll(await ranks.broadcast(new Float64Array(length).fill(rank), root), () => root)
  if (kind === 4) {
    const told = await gatherUneven(
      ranks,
      Array.from({ length: rank }, () => rank),
    )
    told.forEach((each, r) => expectAll(each, () => r))
  }
}

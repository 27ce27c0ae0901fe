// One rank of the tests: does every operation and prints what it got, as JSON.
import '@ttt-e2e/kernels/engines'
import { gatherUneven, read, resolveEngine, sharesOf, tf } from '@ttt-e2e/tensor-ops'
import { connectMpi, MpiError } from '..'
import { withDelays } from './with-delays'

try {
  const ranks = await connectMpi()
  const { rank, size } = ranks
  const [parameter = ''] = process.argv.slice(2)
  if (parameter === 'abort' && rank === size - 1) await ranks.abort(3)
  if (parameter === 'abort') await ranks.barrier()
  await resolveEngine('cpu')
  if (parameter === 'delays') await withDelays(ranks)

  const counts = sharesOf(7, size)
  // Sums that depend on their order: 1e8 + 1 − 1e8.
  const values = Float32Array.from({ length: 7 }, (_, i) =>
    i === 0 ? [1e8, 1, -1e8, 1][rank % 4] : i + rank,
  )
  const part = await ranks.reduceScatter(values, counts)
  const sums = await ranks.allGather(part, counts)

  // Several at once, begun in one order and awaited in another.
  const many = Array.from({ length: 5 }, (_, i) =>
    ranks.allGather(
      Float64Array.of(rank + i / 10),
      Array.from({ length: size }, () => 1),
    ),
  )
  const gathered = (await Promise.all(many.toReversed())).map((each) => [...each])

  let turns = 0
  const timer = setInterval(() => turns++, 1)
  // The last rank comes late: the others wait in MPI, not their event loops.
  if (rank === size - 1) await new Promise((resolve) => setTimeout(resolve, 200))
  await ranks.barrier()
  clearInterval(timer)

  const tree = { a: tf.tensor([rank, 1]), b: [tf.scalar(10 * rank)] }
  const reduced = await read(await ranks.allReduce(tree))
  const told = await ranks.broadcast(Float32Array.of(rank, rank + 0.5), size - 1)
  const uneven = (
    await gatherUneven(
      ranks,
      Array.from({ length: rank }, () => rank / 3),
    )
  ).map((each) => [...each])
  const line = { rank, size, library: ranks.library, sums: [...sums], gathered, told: [...told], uneven }
  console.log(
    JSON.stringify({ ...line, reduced: [[...reduced.a], [...reduced.b[0]]], waitedTurns: turns > 5 }),
  )
  await ranks.close()
} catch (error) {
  if (!(error instanceof MpiError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

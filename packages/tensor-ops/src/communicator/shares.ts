/**
 * How many of so many things each rank gets: halves, halves of halves, …, so that what a rank gets is a branch of the tree
 * of halves whatever the number of ranks, as long as that is a power of two. As even as can be; neighbours get neighbours.
 */
export function sharesOf(count: number, ranks: number): number[] {
  if (ranks % 2 === 0) {
    const first = Math.ceil(count / 2)
    return [first, count - first].flatMap((half) => sharesOf(half, ranks / 2))
  }
  const end = (rank: number) => Math.ceil((count * rank) / ranks)
  return Array.from({ length: ranks }, (_, rank) => end(rank + 1) - end(rank))
}

/** Where a rank's share begins and ends. */
export function shareOf(
  count: number,
  { rank, size }: { rank: number; size: number },
): { from: number; to: number } {
  const shares = sharesOf(count, size)
  const from = shares.slice(0, rank).reduce((sum, share) => sum + share, 0)
  return { from, to: from + shares[rank] }
}

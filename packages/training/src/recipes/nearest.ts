/** The candidate with the fewest changed letters to what was typed, as a whole or in its last part after a dot. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const last = (path: string) => path.slice(path.lastIndexOf('.') + 1)
  const scored = candidates.map((candidate) => {
    const whole = distance(typed, candidate)
    return { candidate, whole, score: Math.min(whole, distance(last(typed), last(candidate))) }
  })
  return scored.sort((a, b) => a.score - b.score || a.whole - b.whole)[0]?.candidate
}

/** Levenshtein's: letters put in, left out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]
}

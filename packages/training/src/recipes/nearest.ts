/**
 * The candidate that what was typed stands for: by its initials (`lr` for `peakLearningRate`), as a part of it or with one
 * as a part (`batch_size` for `batch`); else that with the fewest changed letters, as a whole or after its last dot.
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const last = (path: string) => path.slice(path.lastIndexOf('.') + 1)
  const scored = candidates.map((candidate) => {
    const whole = distance(typed, candidate)
    const edits = Math.min(whole, distance(last(typed), last(candidate)))
    // Of several that it may stand for, the first.
    return edits > 1 && standsFor(last(typed), last(candidate))
      ? { candidate, whole: 0, score: 1.5 }
      : { candidate, whole, score: edits }
  })
  return scored.sort((a, b) => a.score - b.score || a.whole - b.whole)[0]?.candidate
}

function standsFor(typed: string, candidate: string): boolean {
  const [short, long] = [typed, candidate].map((name) => name.replace(/[^a-z\d]/gi, '').toLowerCase())
  const initials = candidate
    .replace(/^./, (first) => first.toUpperCase())
    .replace(/[^A-Z]/g, '')
    .toLowerCase()
  if (short.length > 1 && initials.length > 1 && initials.endsWith(short)) return true
  return short.length > 2 && (long.includes(short) || short.includes(long))
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

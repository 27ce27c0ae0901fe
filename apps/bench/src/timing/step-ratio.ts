import type { Speed } from './measurement'

/** What meta-training costs: each step of a system beside full attention's, measured and by the FLOP count. */
export function stepRatio(speeds: readonly Speed[]): string[] {
  const ordinary = speeds.find(({ system }) => system === 'full-attention')
  if (!ordinary) return []
  return speeds
    .filter(({ system }) => system === 'ttt-e2e')
    .map(({ system, seconds, flopsPerToken }) => {
      const measured = seconds / ordinary.seconds
      const counted = flopsPerToken! / ordinary.flopsPerToken!
      return `a step of ${system} takes ${measured.toFixed(2)} × the time of full attention's and ${counted.toFixed(2)} × its FLOPs: ${(measured / counted).toFixed(2)} × what the count says`
    })
}

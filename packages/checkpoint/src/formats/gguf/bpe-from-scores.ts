/** Tokens longer than this have too many halves to be looked at; no vocabulary has them. */
const longest = 512

/**
 * The merges of a SentencePiece model, which joins the two neighbours that make the token of the highest score: every
 * token's halves, from the highest score down.
 *
 * @param isNormal whether a token can be the result of a merge
 */
export function bpeFromScores(
  vocab: ReadonlyMap<string, number>,
  scores: readonly number[],
  isNormal: (id: number) => boolean,
): [string, string][] {
  const merges: { left: string; right: string; score: number }[] = []
  for (const [token, id] of vocab) {
    if (!isNormal(id) || token.length > longest) continue
    const characters = [...token]
    for (let cut = 1; cut < characters.length; cut++) {
      const [left, right] = [characters.slice(0, cut).join(''), characters.slice(cut).join('')]
      if (vocab.has(left) && vocab.has(right)) merges.push({ left, right, score: scores[id] })
    }
  }
  return merges.sort((a, b) => b.score - a.score).map(({ left, right }) => [left, right])
}

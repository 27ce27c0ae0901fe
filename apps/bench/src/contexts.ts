import type { Recipe } from '@ttt-e2e/meta-outer'

/** Tokens read, from the window's doubling up to the length of a held-out document. */
export function contextsOf({ size, evaluation }: Pick<Recipe, 'size' | 'evaluation'>): number[] {
  const contexts: number[] = []
  for (let context = size.window; context <= evaluation.length; context *= 2) contexts.push(context)
  return contexts
}

/** Mean of the first nats, as many as each of the ascending contexts says. */
export function meansOfFirst(nats: ArrayLike<number>, contexts: readonly number[]): number[] {
  let [sum, read] = [0, 0]
  return contexts.map((context) => {
    for (; read < context; read++) sum += nats[read]
    return sum / context
  })
}

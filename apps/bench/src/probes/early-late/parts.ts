import type { Recipe } from '@ttt-e2e/meta-outer'

/** A part of a document by index. */
export interface Part {
  name: string
  from: number
  to: number
}

/** The first chunk, before any step of learning; the rest of the training length; and what is longer. */
export function partsOf({ size, training, evaluation }: Recipe): Part[] {
  const borders = [
    { name: 'the first chunk', to: size.chunk },
    {
      // Of a given model it may be all that is read, as nothing else is known.
      name: training.optimizer.schedule.steps === 0 ? 'the rest' : 'the rest of the training length',
      to: training.length,
    },
    { name: 'what is longer', to: evaluation.length },
  ]
  return borders
    .map(({ name, to }, i) => ({
      name,
      from: i === 0 ? 0 : borders[i - 1].to,
      to: Math.min(to, evaluation.length),
    }))
    .filter(({ from, to }) => to > from)
}

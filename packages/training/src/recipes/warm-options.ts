import { warmArchitecture, warmSystems, type WarmStartOptions, type WarmSystem } from '@ttt-e2e/baselines'
import type { Recipe, WarmStartRecipe } from '@ttt-e2e/meta-outer'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import { TrainingError } from '../training-error'

/** What a warm start is where nothing else is said. */
export const standardWarmStart: WarmStartRecipe = {
  from: '',
  hash: '',
  prime: 'zero-output',
  primeWidth: 512,
  primeWeights: 'own',
  keepFirst: 4,
  keptPositions: 'cache',
}

/** What is to be built around the pretrained model. @throws TrainingError for a system that it can't become */
export function warmOptions({ system, size, warmStart }: Recipe): WarmStartOptions {
  if (!warmSystems.some((name) => name === system))
    throw new TrainingError(
      `'${system}' can't begin with a pretrained transformer; those that can: ${warmSystems.join(', ')}`,
    )
  const { prime, primeWidth, primeWeights, keepFirst, keptPositions } = warmStart!
  const { suffixBlocks, window, chunk, innerRate, innerDecay } = size
  return {
    system: system as WarmSystem,
    suffixBlocks,
    prime: { from: prime, width: primeWidth, weights: primeWeights },
    window,
    keepFirst: { count: keepFirst, positions: keptPositions },
    chunk,
    innerRate,
    ...(innerDecay !== undefined && { innerDecay }),
  }
}

/** The recipe with the sizes of the pretrained model in place of those that it can't choose. */
export function withSizesOf(recipe: Recipe, pretrained: Architecture, hash: string): Recipe {
  const { vocabularySize, hiddenSize, heads, layers, intermediateSize, rope } = pretrained
  const { suffixBlocks, prime } = warmArchitecture(pretrained, warmOptions(recipe))
  return {
    ...recipe,
    size: {
      ...recipe.size,
      vocabularySize,
      hiddenSize,
      heads,
      layers,
      intermediateSize,
      ropeTheta: rope.base,
      ...(suffixBlocks > 0 && { suffixBlocks }),
    },
    warmStart: {
      ...recipe.warmStart!,
      hash,
      ...(prime && {
        prime: prime.split ? ('split' as const) : ('zero-output' as const),
        primeWidth: prime.width,
      }),
    },
  }
}

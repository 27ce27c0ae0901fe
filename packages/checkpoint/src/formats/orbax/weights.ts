import { buildSystem, type Mixers } from '@ttt-e2e/baselines'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import { treeEntries, treeForm, type PlainTensor, type WeightSource } from '@ttt-e2e/tensor-ops'
import { layerOf, publishedPlace } from '../e2e/names'
import { publishedMismatches } from '../published-weights'

/** Our parameters in the authors' arrays, which stack a block's over the layers. */
export interface StackedWeights {
  weights: WeightSource
  /** Everything by which the arrays aren't those of the architecture, by their names. */
  problems: string[]
}

/**
 * The weights of a model by the paths of our parameters. An array is read once, when the first of its layers is asked for,
 * and kept until all of them were.
 *
 * @param prefix stands before each name: `1.0.mu.` for moments
 * @param others tells names of arrays that aren't parameters
 * @throws SizeError for an architecture that can't be
 */
export function stackedWeights(
  architecture: Architecture,
  arrays: WeightSource,
  {
    mixers,
    prefix = '',
    others = () => false,
  }: { mixers?: Mixers; prefix?: string; others?(name: string): boolean },
): StackedWeights {
  const { decoder } = buildSystem(architecture, mixers)
  const places = new Map<string, { name: string; layer?: number; shape: readonly number[] }>()
  const layers = new Map<string, number>()
  const expected = new Map<string, readonly number[]>()
  for (const [path, { shape }] of treeEntries(treeForm(decoder.init))) {
    const place = publishedPlace(path, decoder.prefixBlocks)
    const name = prefix + place.name
    places.set(path, { ...place, name, shape })
    const count = (layers.get(name) ?? 0) + 1
    layers.set(name, count)
    expected.set(name, place.layer === undefined ? shape : [count, ...shape])
  }
  const kept = new Map<string, { stacked: Promise<PlainTensor>; left: number }>()
  return {
    problems: publishedMismatches({ shapes: expected }, arrays, { unused: others, types: new Set(['F32']) }),
    weights: {
      shapes: new Map([...places].map(([path, { shape }]) => [path, { shape, dtype: 'F32' }])),
      async read(path) {
        const { name, layer } = places.get(path)!
        const entry = kept.get(name) ?? { stacked: arrays.read(name), left: layers.get(name)! }
        entry.left--
        if (entry.left > 0) kept.set(name, entry)
        else kept.delete(name)
        const stacked = await entry.stacked
        return layer === undefined ? stacked : layerOf(stacked, layer)
      },
    },
  }
}

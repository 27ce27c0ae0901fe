import { createSystem } from '@ttt-e2e/baselines'
import { disposeRun, startRun } from '@ttt-e2e/meta-outer'
import {
  disposeTree,
  read,
  resolveEngine,
  tf,
  treeEntries,
  treeForm,
  treeMap,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { Params } from '@ttt-e2e/ttt-inner'
import { beforeAll, expect, it } from 'vitest'
import { folderInMemory } from '../../testing/folder-in-memory'
import { microRecipe } from '../../testing/micro-run'
import { ocdbtItem, zarrEntries } from '../../testing/write-ocdbt'
import { publishedPlace, toE2eNames } from '../e2e/names'
import { loadTrainingState } from './training-state'

beforeAll(() => resolveEngine('cpu').then(() => {}))

const recipe = microRecipe()
const { decoder } = createSystem(recipe.system, recipe.size)

/** The shape of each stacked array, by the authors' names. */
function stackedShapes(): Map<string, number[]> {
  const shapes = new Map<string, number[]>()
  for (const [path, { shape }] of treeEntries(treeForm(decoder.init))) {
    const { name, layer } = publishedPlace(path, decoder.prefixBlocks)
    shapes.set(name, layer === undefined ? [...shape] : [layer + 1, ...shape])
  }
  return shapes
}

async function arraysOf(params: Params, prefix = ''): Promise<Record<string, Uint8Array>> {
  const shapes = stackedShapes()
  const named = Object.entries(await toE2eNames(decoder, params))
  return Object.assign(
    {},
    ...named.map(([name, values]) =>
      zarrEntries(prefix + name, shapes.get(name)!, Float32Array.from(values)),
    ),
  ) as Record<string, Uint8Array>
}

const below = (item: string, files: Record<string, Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${item}/${path}`, bytes]))

const valuesOf = async (tree: TensorTree) => read(treeEntries(tree).map(([, tensor]) => tensor))

it('takes weights, moments, steps and the place in the data from a checkpoint, bit for bit', async () => {
  const { params } = startRun(createSystem(recipe.system, recipe.size), 7)
  const scaled = (by: number) => treeMap(params, (leaf) => tf.mul(leaf, by))
  const [first, second] = [scaled(0.3), scaled(0.07)]
  const count = (steps: number) => Int32Array.of(steps)
  const files = {
    ...below('model_weights', ocdbtItem(await arraysOf(params))),
    'train_ds_iter/global_batch_progress.json': '{"next_index": 5}',
  }
  const withState = async (steps: readonly [number, number]) => ({
    ...files,
    ...below(
      'opt_state',
      ocdbtItem({
        ...(await arraysOf(first, '1.0.mu.')),
        ...(await arraysOf(second, '1.0.nu.')),
        ...zarrEntries('1.0.count', [], count(steps[0])),
        ...zarrEntries('1.2.count', [], count(steps[1])),
      }),
    ),
  })
  const { state } = await loadTrainingState(folderInMemory(await withState([5, 5])), recipe)
  const { batch, length } = recipe.training
  expect(state).toMatchObject({ step: 5, tokens: 5 * batch * length, cursor: { nextSample: 5 * batch } })
  expect(await valuesOf(state.params)).toEqual(await valuesOf(params))
  expect(await valuesOf(state.firstMoments)).toEqual(await valuesOf(first))
  expect(await valuesOf(state.secondMoments)).toEqual(await valuesOf(second))
  disposeRun(state)
  await expect(loadTrainingState(folderInMemory(await withState([5, 4])), recipe)).rejects.toThrow(
    'opt_state: the steps taken are 5 and 4; 1.0.count and 1.2.count must be one whole number',
  )
  await expect(loadTrainingState(folderInMemory(files), recipe)).rejects.toThrow('there is no opt_state')
  const wider = { ...recipe, size: { ...recipe.size, vocabularySize: recipe.size.vocabularySize + 1 } }
  await expect(loadTrainingState(folderInMemory(await withState([5, 5])), wider)).rejects.toThrow(
    'wte.weight',
  )
  disposeTree([params, first, second])
})

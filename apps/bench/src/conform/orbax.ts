import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { folderOnDisk, loadModel, orbaxArrays, toE2eNames, type ModelFolder } from '@ttt-e2e/checkpoint'
import { bytesInMemory } from '@ttt-e2e/tensor-ops'
import { Comparisons, type GoldenCase, type Verdict } from './golden-case'

/** By what the case's names begin with, the item that holds them. */
const items = { 'params/': 'model_weights', 'opt/': 'opt_state' } as const

/** Every array of a checkpoint of the authors', and the parameters of the model that it is loaded as; bit for bit. */
export async function conformOrbax({ name, folder, description, tensors }: GoldenCase): Promise<Verdict> {
  const comparisons = new Comparisons()
  const root = join(folder, name.replace(/-expected$/, ''))
  const step = readdirSync(root).find((each) => /^\d+$/.test(each))!
  const checkpoint = folderOnDisk(join(root, step))
  const compare = (what: string, actual: ArrayLike<number>, expected: ArrayLike<number>) =>
    comparisons.compareLargest(`${what}: values of other bits`, [differing(actual, expected)], [0], 0.5)
  for (const [prefix, item] of Object.entries(items)) {
    const arrays = (await orbaxArrays(checkpoint, item))!
    const expected = Object.keys(tensors).filter((each) => each.startsWith(prefix))
    const known = expected.map((each) => each.slice(prefix.length)).sort()
    const isSame = JSON.stringify([...arrays.shapes.keys()].sort()) === JSON.stringify(known)
    comparisons.compareLargest(`names of ${item}`, [isSame ? 0 : 1], [0], 0.5)
    for (const each of known) {
      const wanted = tensors[prefix + each]
      const found = await arrays.read(each)
      // A number alone stands in a list of one there.
      const shape = found.shape.length === 0 ? [1] : found.shape
      comparisons.compareLargest(`shape of ${each}`, shape, wanted.shape, 0.5)
      compare(each, found.values, wanted.values)
    }
  }
  const model = await loadModel(withConfig(checkpoint, description.config as object))
  for (const [each, values] of Object.entries(await toE2eNames(model.system.decoder, model.params)))
    compare(`loaded ${each}`, Float32Array.from(values), tensors[`params/${each}`].values)
  model.dispose()
  return comparisons.result()
}

/** The folder with the authors' configuration beside its weights. */
const withConfig = (folder: ModelFolder, config: object): ModelFolder => ({
  ...folder,
  open: async (file) =>
    file === 'config.json'
      ? bytesInMemory(new TextEncoder().encode(JSON.stringify(config)))
      : folder.open(file),
})

function differing(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let count = 0
  for (let i = 0; i < expected.length; i++) if (!Object.is(actual[i], expected[i])) count++
  return count
}

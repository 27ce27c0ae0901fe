import { buildSystem } from '@ttt-e2e/baselines'
import {
  disposeTree,
  fromPlainTensor,
  tf,
  toPlainTensors,
  treeEntries,
  treeForm,
  type Tensor,
  type WeightSource,
} from '@ttt-e2e/tensor-ops'
import { sourceOf, type PublishedModel } from '../published-model'

/** Widened to float32 when they are read. */
const readable = ['F32', 'F16', 'BF16', 'F64']

/**
 * The weights of a published model by the paths of our parameters, turned as each is read; and everything by which the
 * file's names and types aren't its own. Shapes are held against ours when the weights are loaded.
 */
export function familyWeights(
  published: PublishedModel,
  raw: WeightSource,
): { weights: WeightSource; problems: string[] } {
  const problems = [...(raw.problems ?? [])]
  const shapes = new Map<string, { shape: readonly number[]; dtype: string }>()
  const sources = new Map<string, ReturnType<typeof sourceOf>>()
  const { decoder } = buildSystem(published.architecture)
  for (const [path] of treeEntries(treeForm(decoder.init))) {
    const source = sourceOf(published, path)
    const found = raw.shapes.get(source.name)
    sources.set(path, source)
    if (!found) problems.push(`'${source.name}' is missing`)
    else if (!readable.includes(found.dtype))
      problems.push(
        `'${source.name}' is of type ${found.dtype}, which no weight can be; known: ${readable.join(', ')}`,
      )
    else {
      const shape = turnedShape(found.shape, source.from)
      if (shape) shapes.set(path, { shape, dtype: 'F32' })
      else problems.push(`'${source.name}' is [${found.shape.join(', ')}], which no ${path} can be`)
    }
  }
  const used = new Set([...sources.values()].map(({ name }) => name))
  for (const name of raw.shapes.keys())
    if (!used.has(name)) problems.push(`'${name}' is no tensor of this model`)
  return {
    problems,
    weights: {
      shapes,
      async read(path) {
        const { name, from } = sources.get(path)!
        const plain = await raw.read(name)
        const turned = tf.tidy(() => from(fromPlainTensor(plain)))
        const { [path]: own } = await toPlainTensors([[path, turned]])
        const values = own.values.slice()
        disposeTree([turned])
        return { shape: [...turned.shape], values }
      },
    },
  }
}

/** What turning makes of a shape; undefined where it can't be turned. */
function turnedShape(shape: readonly number[], from: (tensor: Tensor) => Tensor): number[] | undefined {
  try {
    const turned = tf.tidy(() => from(tf.zeros([...shape])))
    turned.dispose()
    return [...turned.shape]
  } catch {
    return undefined
  }
}

import {
  disposeTree,
  fromPlainTensor,
  tf,
  toPlainTensors,
  type PlainTensor,
  type WeightSource,
} from '@ttt-e2e/tensor-ops'
import { asItIs, sourceOf, turned, type PublishedModel } from './published-model'

/** A published model whose every tensor's shape is known. */
export type ShapedModel = PublishedModel & Required<Pick<PublishedModel, 'shapes'>>

/** Widened or dequantised to float32 when they are read. */
const readable = new Set(['F32', 'F16', 'BF16', 'F64'])

/**
 * Everything by which a file's tensors aren't those of a model, by the file's own names. Reads none.
 *
 * @param unused tells names of tensors that such files have and no model of the family computes with
 * @param types that are read beside those of safetensors
 */
export function publishedMismatches(
  { shapes }: Pick<ShapedModel, 'shapes'>,
  { shapes: found, problems = [] }: WeightSource,
  { unused, types = readable }: { unused(name: string): boolean; types?: ReadonlySet<string> },
): string[] {
  const mismatches = [...problems]
  if (found.size === 0 && mismatches.length > 0) return mismatches
  for (const [name, shape] of shapes) {
    const own = found.get(name)
    if (!own) mismatches.push(`'${name}' is missing`)
    else if (own.shape.join() !== shape.join())
      mismatches.push(`'${name}' is [${own.shape.join(', ')}], not [${shape.join(', ')}]`)
    else if (!types.has(own.dtype))
      mismatches.push(
        `'${name}' is of type ${own.dtype}, which no weight can be; known: ${[...types].join(', ')}`,
      )
  }
  for (const name of found.keys())
    if (!shapes.has(name) && !unused(name)) mismatches.push(`'${name}' is no tensor of this model`)
  return mismatches
}

/** Reads a matrix [out, in] as blocks that the kernels multiply by, where it can stay quantised. */
export type ReadQuantised = (
  name: string,
  /** The published row that is one of ours; the same where left out. */
  rowOf?: (row: number) => number,
) => Promise<PlainTensor | undefined>

/** The weights of a model by the paths of our parameters, turned as each is read. */
export function publishedWeights(
  published: ShapedModel,
  raw: WeightSource,
  quantised?: ReadQuantised,
): WeightSource {
  const { layers } = published.architecture
  const paths = [
    ...Object.keys(published.model),
    ...Array.from({ length: layers }, (_, layer) =>
      Object.keys(published.block).map((path) => `blocks.${layer}.${path}`),
    ).flat(),
  ]
  const sources = new Map(paths.map((path) => [path, sourceOf(published, path)]))
  return {
    shapes: new Map(
      [...sources].map(([path, { name, back }]) => [
        path,
        { shape: back!.shape(published.shapes.get(name)!), dtype: 'F32' },
      ]),
    ),
    async read(path) {
      const { name, from, back } = sources.get(path)!
      // Blocks go by the rows of the file either way.
      const goesByRows = from === asItIs || from === turned || back?.rowOf
      const kept = goesByRows ? await quantised?.(name, back?.rowOf) : undefined
      if (kept) return kept
      const plain = await raw.read(name)
      if (from === asItIs) return plain
      const made = tf.tidy(() => from(fromPlainTensor(plain)))
      const { [path]: own } = await toPlainTensors([[path, made]])
      const values = own.values.slice()
      disposeTree([made])
      return { shape: [...made.shape], values }
    },
  }
}

import {
  disposeTree,
  fromPlainTensor,
  tf,
  treeEntries,
  treeForm,
  read,
  treeMap,
  type PlainTensor,
} from '@ttt-e2e/tensor-ops'
import { buildSystem } from '@ttt-e2e/baselines'
import { familyOf, sourceOf, type PublishedModel } from '@ttt-e2e/checkpoint'
import { metaGradient, type Batch } from '@ttt-e2e/meta-outer'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { Comparisons, type GoldenCase, type Verdict } from './golden-case'

/** Largest absolute error of a logit or a token's loss. */
const forwardTolerance = 5e-5
/** Largest error in a published gradient tensor, as a share of its largest value. */
const gradientTolerance = 3e-4

/** Logits, the loss of each token and the gradient of each parameter of a published model. Undefined for an unknown family. */
export async function conformBaseline(golden: GoldenCase): Promise<Verdict | undefined> {
  const names = Object.keys(golden.tensors)
  const published = familyOf(names)?.read(golden.description.config as Record<string, unknown>)
  if (!published) return undefined
  const system = buildSystem(published.architecture)
  const params = fromGroup(golden, published, system, 'param')
  checkAllUsed(golden, published, params)
  const batch = batchOf(golden)
  const result = await metaGradient(system, params, batch, { record: true })
  const comparisons = new Comparisons()
  const { hidden } = result.record!.chunks[0]
  const logits = system.decoder.logits(system.decoder.suffixParams(params), hidden)
  comparisons.compareLargest('logits', await read(logits), golden.tensors.logits.values, forwardTolerance)
  const losses = golden.tensors.loss_per_token64.values
  comparisons.compareLargest('loss_per_token64', result.tokenLosses, losses, forwardTolerance)
  const expected = new Map(treeEntries(fromGroup(golden, published, system, 'grad')))
  for (const [path, gradient] of treeEntries(result.gradients)) {
    const { name } = sourceOf(published, path)
    const scale = largest(golden.tensors[`grad.${name}`].values) || 1
    const wanted = expected.get(path)!
    comparisons.compareLargest(path, await read(gradient), await read(wanted), gradientTolerance, scale)
    wanted.dispose()
  }
  disposeTree([params, result.gradients, logits, hidden, result.record!.prefixOutput])
  return comparisons.result()
}

/** The case's tensors of one group in the form of our parameters. */
function fromGroup(golden: GoldenCase, published: PublishedModel, system: System, group: string): Params {
  return treeMap(treeForm(system.decoder.init), (leaf, path) => {
    const { name, from } = sourceOf(published, path)
    const plain: PlainTensor | undefined = golden.tensors[`${group}.${name}`]
    if (!plain) throw new Error(`the case has no tensor '${group}.${name}'`)
    const tensor = tf.tidy(() => tf.clone(from(fromPlainTensor(plain))))
    if (tensor.shape.join() !== leaf.shape.join())
      throw new Error(`'${group}.${name}' makes ${path} [${tensor.shape}], not [${leaf.shape}]`)
    return tensor
  })
}

/** @throws where a parameter of the case is not, or not as a whole, part of the model */
function checkAllUsed(golden: GoldenCase, published: PublishedModel, params: Params): void {
  const left = new Map(
    Object.entries(golden.tensors)
      .filter(([name]) => name.startsWith('param.'))
      .map(([name, { values }]) => [name.slice('param.'.length), values.length]),
  )
  for (const [path, { size }] of treeEntries(params)) {
    const { name } = sourceOf(published, path)
    left.set(name, left.get(name)! - size)
  }
  const unused = [...left].filter(([, values]) => values !== 0).map(([name]) => name)
  if (unused.length > 0) throw new Error(`the model doesn't use ${unused.join(', ')}`)
}

/** The targets are the inputs shifted by one. */
function batchOf({ tensors: { input_ids: inputs, targets } }: GoldenCase): Batch {
  const [batch, length] = inputs.shape
  const tokens = new Int32Array(batch * (length + 1))
  for (let b = 0; b < batch; b++) {
    tokens.set(inputs.values.subarray(b * length, (b + 1) * length), b * (length + 1))
    tokens[b * (length + 1) + length] = targets.values[(b + 1) * length - 1]
  }
  return { tokens, mask: new Uint8Array(batch * length).fill(1), batch, length, cursor: null }
}

const largest = (values: ArrayLike<number>): number => {
  let most = 0
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]))
  return most
}

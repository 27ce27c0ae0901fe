import { tf, type Tensor } from '../tf'
import { treeLeaves, treeMap, treeWithLeaves, type TensorTree } from '../tree'
import { Adjoints } from './adjoints'
import { directGradientOf } from './direct-gradients'
import { checkOneCopy } from './one-copy'
import { tapeEngine, type TapeNode } from './repair-tape'

/** Cotangents of a tree: a leaf or a whole branch may be left out, which means zero. */
export type Cotangents<T> = T extends Tensor
  ? Tensor | null | undefined
  : T extends readonly (infer E)[]
    ? readonly Cotangents<E>[] | null | undefined
    : { readonly [K in keyof T]?: Cotangents<T[K]> } | null | undefined

export interface Vjp<X, Y, A> {
  value: Y
  aux: A
  /**
   * The gradient of ⟨cotangents, value⟩ with respect to each leaf of the inputs; a leaf that the value does not
   * depend on gets zeros. At the outermost level it can be called once, as it frees the tape, unless many pulls were
   * asked for.
   *
   * @param onto what the gradients of some leaves are added to. The caller frees it and must not read it any more: an
   *   engine may have added in place
   */
  pull(cotangents: Cotangents<Y>, onto?: Cotangents<X>): X
  /** Frees what the tape holds, where `pull` won't be called, or was as often as wanted. */
  dispose(): void
}

/**
 * Runs `f` and returns its value with the vector-Jacobian product that pulls cotangents back to the inputs. Unlike
 * tfjs's own gradients it takes several outputs, keeps auxiliary outputs, gives each vjp at the outermost level a
 * tape of its own (so that one can be held while others run: rematerialisation), and nests: a vjp inside a function
 * that is being differentiated is itself differentiable, to any order.
 *
 * The inputs are treated as independent variables: only what `f` computes from them counts.
 * The caller owns the tensors of `value` and `aux` and those that `pull` returns (an enclosing `tf.tidy` frees them).
 */
export function vjp<X extends TensorTree, Y extends TensorTree, A = undefined>(
  f: (inputs: X) => { value: Y; aux?: A },
  inputs: X,
  { pulls = 'one' }: { pulls?: 'one' | 'many' } = {},
): Vjp<X, Y, A> {
  const { state } = tapeEngine()
  const nested = state.gradientDepth > 0
  if (!nested) checkOneCopy()
  const outerTape = state.activeTape
  const tape: TapeNode[] = nested ? outerTape! : []
  const start = tape.length
  const leaves = treeLeaves(inputs)

  state.activeTape = tape
  state.gradientDepth++
  let result: { value: Y; aux?: A }
  try {
    result = tf.tidy(() => withFreshOutputs(f(inputs), leaves) as never)
  } catch (error) {
    if (!nested) freeTape(tape)
    throw error
  } finally {
    state.gradientDepth--
    state.activeTape = outerTape
  }

  const { value, aux } = result
  const nodes = nested ? tape.slice(start) : tape
  const outputs = treeLeaves(value)
  const freeOwnTape = () => {
    if (!nested) freeTape(tape)
  }
  return {
    value,
    aux: aux as A,
    pull(cotangents, onto) {
      try {
        const gradients = tf.tidy(() =>
          backpropagate(
            nodes,
            leaves,
            outputs,
            cotangentLeaves(value, cotangents),
            cotangentLeaves(inputs, onto),
          ),
        )
        return treeWithLeaves(inputs, gradients)
      } finally {
        if (pulls === 'one') freeOwnTape()
      }
    },
    dispose: freeOwnTape,
  }
}

/** An output that is an input is cloned, so that whoever frees outputs never frees an input. */
function withFreshOutputs<Y extends TensorTree, A>(result: { value: Y; aux?: A }, inputs: Tensor[]) {
  const ids = new Set(inputs.map((x) => x.id))
  return {
    value: treeMap(result.value, (leaf) => (ids.has(leaf.id) ? tf.clone(leaf) : leaf)),
    aux: result.aux,
  }
}

function freeTape(tape: TapeNode[]): void {
  for (const node of tape) for (const tensor of node.saved) tensor.dispose()
  tape.length = 0
}

/** One entry for each leaf of `value`. */
export function cotangentLeaves(value: TensorTree, cotangents: unknown): (Tensor | null)[] {
  if (cotangents == null) return treeLeaves(value).map(() => null)
  if (value instanceof tf.Tensor) return [cotangents as Tensor]
  return Object.entries(value).flatMap(([name, child]) =>
    child === undefined ? [] : cotangentLeaves(child, (cotangents as Record<string, unknown>)[name]),
  )
}

function backpropagate(
  nodes: readonly TapeNode[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  onto: readonly (Tensor | null)[],
): Tensor[] {
  const dependent = dependentTensors(nodes, inputs)
  const gradients = new Adjoints()
  outputs.forEach((output, i) => {
    const cotangent = cotangents[i]
    if (cotangent === null || !dependent.has(output.id)) return
    checkShape(cotangent, output, 'the cotangent of an output')
    gradients.lend(output.id, cotangent)
  })
  inputs.forEach((input, i) => {
    const start = onto[i]
    if (start === null) return
    checkShape(start, input, 'what the gradient of an input is added to')
    gradients.lend(input.id, start)
  })
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    if (!node.outputs.some((output) => gradients.has(output.id))) continue
    const wanted = Object.keys(node.inputs).filter((name) => dependent.has(node.inputs[name]?.id))
    if (wanted.length > 0) {
      const cotangents = node.outputs.map((output) => gradients.get(output.id))
      for (const [name, gradient] of gradientsOfNode(node, cotangents, wanted)) {
        checkShape(gradient, node.inputs[name], `the gradient of ${node.kernelName} for '${name}'`)
        gradients.add(node.inputs[name].id, gradient)
      }
    }
    for (const output of node.outputs) gradients.release(output.id)
  }
  return inputs.map((input) => gradients.take(input.id) ?? tf.zeros(input.shape, 'float32'))
}

function gradientsOfNode(
  node: TapeNode,
  cotangents: (Tensor | undefined)[],
  wanted: string[],
): [input: string, gradient: Tensor][] {
  const direct = directGradientOf(node.kernelName)
  if (direct) {
    const gradients = Object.entries(direct(cotangents, node.saved, node.attributes, wanted))
    return gradients.filter((entry): entry is [string, Tensor] => entry[1] !== undefined)
  }
  if (!node.gradient) throw new Error(`the kernel ${node.kernelName} has no gradient`)
  const pulls = node.gradient(cotangents)
  return wanted.map((name) => {
    if (!pulls[name])
      throw new Error(`the gradient of ${node.kernelName} has no entry for its input '${name}'`)
    return [name, pulls[name]()]
  })
}

function dependentTensors(nodes: readonly TapeNode[], inputs: readonly Tensor[]): Set<number> {
  const dependent = new Set(inputs.map((x) => x.id))
  for (const node of nodes)
    for (const name in node.inputs)
      if (dependent.has(node.inputs[name]?.id)) {
        for (const output of node.outputs) dependent.add(output.id)
        break
      }
  return dependent
}

function checkShape(gradient: Tensor, of: Tensor, what: string): void {
  if (gradient.dtype !== 'float32' || !tf.util.arraysEqual(gradient.shape, of.shape))
    throw new Error(`${what} is ${gradient.dtype} [${gradient.shape}], it must be float32 [${of.shape}]`)
}

/** Whether the operations that run now are being differentiated. */
export const isDifferentiated = (): boolean => tapeEngine().state.gradientDepth > 0

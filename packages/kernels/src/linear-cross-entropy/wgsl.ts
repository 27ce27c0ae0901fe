import type { FusedKernelCall } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, Output } from '../engines/webgpu/backend'
import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernel, GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { groupsFor, type GpuKernel, type Part } from '../engines/webgpu/kernel'
import { bendRows, lossRows, slopeRows } from './wgsl-rows'
import { HeadBlocks, type Block } from './wgsl-blocks'

/** The tensors of a call by their places in its family, and its products. */
class HeadCall {
  readonly products: HeadBlocks
  private readonly given: NonNullable<FusedKernelCall['inputs'][number]>[] = []
  private readonly inputAt: (number | undefined)[]
  private readonly outputAt: (number | undefined)[]
  private readonly outputs: Output[]
  private readonly kept: number
  private readonly temporaries = new Map<string, number>()
  private readonly vocabulary: number

  constructor(
    { inputs, outputShapes }: Pick<FusedKernelCall, 'inputs' | 'outputShapes'>,
    private readonly backend: GpuBackend,
  ) {
    this.inputAt = inputs.map((input) => (input ? this.given.push(input) - 1 : undefined))
    this.outputs = outputShapes.flatMap((shape): Output[] => (shape ? [{ shape, dtype: 'float32' }] : []))
    this.kept = this.outputs.length
    let next = 0
    this.outputAt = outputShapes.map((shape) => (shape ? next++ : undefined))
    const [{ shape: hidden }, { shape: weight }] = this.given
    this.vocabulary = weight[0]
    this.products = new HeadBlocks(hidden[0], hidden[1], weight[0], backend)
  }

  has(input: number): boolean {
    return this.inputAt[input] !== undefined
  }
  input(input: number): number {
    return this.inputAt[input]!
  }
  output(output: number): number | undefined {
    return this.outputAt[output]
  }

  /** The output that stands for logits, or whatever else is as large as those of a block; others for other names. */
  logits(name: string, size = this.products.logits): number {
    let at = this.temporaries.get(name)
    if (at === undefined) {
      at = this.outputs.push({ shape: [size], dtype: 'float32' }) - 1
      this.temporaries.set(name, at)
    }
    return at
  }

  rows(
    kernelOf: (threads: number) => GpuKernel,
    { first, rows }: Block,
    inputs: readonly number[],
    outputs: readonly number[],
  ): void {
    const part: Part = {
      kernel: kernelOf(this.backend.tiles.linearCrossEntropy.threads),
      inputs: [this.input(targets), ...inputs],
      outputs,
      parameters: [rows, this.vocabulary, first],
      groups: groupsFor(rows, 1),
    }
    this.products.parts.push(part)
  }

  run(forBlock: (block: Block) => void) {
    const { products, outputs, kept } = this
    for (const block of products.blocks) {
      forBlock(block)
      products.clear([...this.temporaries.values()])
    }
    outputs
      .slice(0, kept)
      .forEach(({ shape }, output) => shape.length === 2 && products.finish(output, sizeOf(shape)))
    return this.backend.call(this.given, outputs, products.parts, { temporary: outputs.length - kept })
  }
}

const [hidden, weight, targets] = [0, 1, 2]

/** hidden, weight, targets → losses, slopes */
const losses: GpuFusedKernel = (given) => {
  const call = new HeadCall(given, given.backend)
  const { products } = call
  const slopes = call.output(1)
  return call.run((block) => {
    const z = call.logits('z')
    products.toLogits(block, call.input(hidden), call.input(weight), z)
    call.rows(lossRows(slopes !== undefined), block, [], [z, call.output(0)!])
    if (slopes !== undefined) products.toHidden(block, z, call.input(weight), slopes)
  })
}

/** hidden, weight, targets, b = d_losses, u = d_slopes → grad_hidden, grad_weight */
const gradient: GpuFusedKernel = (given) => {
  const call = new HeadCall(given, given.backend)
  const { products } = call
  const [b, u] = [3, 4]
  const [ofHidden, ofWeight] = [call.output(0), call.output(1)]
  const [hasB, hasU] = [call.has(b), call.has(u)]
  return call.run((block) => {
    if (!hasB && !hasU) return
    const z = call.logits('z')
    const g = hasU ? call.logits('a') : z
    products.toLogits(block, call.input(hidden), call.input(weight), z)
    if (hasU) products.toLogits(block, call.input(u), call.input(weight), g)
    call.rows(slopeRows(hasB, hasU), block, hasB ? [call.input(b)] : [], hasU ? [z, g] : [z])
    if (ofHidden !== undefined) products.toHidden(block, g, call.input(weight), ofHidden)
    if (ofWeight === undefined) return
    products.toWeight(block, g, call.input(hidden), ofWeight)
    if (hasU) products.toWeight(block, z, call.input(u), ofWeight)
  })
}

/**
 * hidden, weight, targets, b, [u, slopes,] x = d_grad_hidden, M = d_grad_weight → grad2_hidden, grad2_weight, grad2_b,
 * [grad2_u].
 *
 * With s = p − chosen, a = W u and g = b s + p ⊙ (a − ⟨p, a⟩) the gradient is Wᵀ g along a hidden state and g hᵀ + s uᵀ,
 * summed over the rows, along W. What is differentiated is ⟨c, g⟩ + ⟨m, s⟩, where c = W x + M h and m = M u; its
 * derivatives R, g, E and s along z, c, a and m go back through these products.
 */
const secondGradient =
  (hasSlopes: boolean): GpuFusedKernel =>
  (given) => {
    const call = new HeadCall(given, given.backend)
    const { products } = call
    const [b, u] = [3, 4]
    const [x, M] = hasSlopes ? [6, 7] : [4, 5]
    const hasB = call.has(b)
    const hasU = hasSlopes && call.has(u)
    const [hasX, hasM] = [call.has(x), call.has(M)]
    const [ofHidden, ofWeight, ofB, ofU] = [0, 1, 2, 3].map((output) => call.output(output))
    const [h, w] = [call.input(hidden), call.input(weight)]
    return call.run((block) => {
      const [z, a, c] = ['z', 'a', 'c'].map((name) => call.logits(name))
      const m = hasU && hasM ? call.logits('m') : undefined
      products.toLogits(block, h, w, z)
      if (hasU) products.toLogits(block, call.input(u), w, a)
      else products.zeros(a, block)
      if (hasX) products.toLogits(block, call.input(x), w, c)
      if (hasM) products.toLogits(block, h, call.input(M), c)
      if (m !== undefined) products.toLogits(block, call.input(u), call.input(M), m)
      const along = ofB ?? call.logits('along b', given.inputs[hidden]!.shape[0])
      call.rows(bendRows(hasB, m !== undefined), block, hasB ? [call.input(b)] : [], [
        z,
        a,
        c,
        ...(m === undefined ? [] : [m]),
        along,
      ])
      if (ofHidden !== undefined) {
        products.toHidden(block, z, w, ofHidden)
        if (hasM) products.toHidden(block, a, call.input(M), ofHidden)
      }
      if (ofWeight !== undefined) {
        products.toWeight(block, z, h, ofWeight)
        if (hasX) products.toWeight(block, a, call.input(x), ofWeight)
        if (hasU) products.toWeight(block, c, call.input(u), ofWeight)
      }
      if (ofU !== undefined) {
        products.toHidden(block, c, w, ofU)
        if (m !== undefined) products.toHidden(block, m, call.input(M), ofU)
      }
    })
  }

export const gpuKernels: GpuFusedKernels = {
  LinearCrossEntropy: losses,
  LinearCrossEntropyLosses: losses,
  LinearCrossEntropyGrad: gradient,
  LinearCrossEntropyLossesGrad: gradient,
  LinearCrossEntropyGradGrad: secondGradient(true),
  LinearCrossEntropyLossesGradGrad: secondGradient(false),
}

import type { Tensor } from '../tf'

export type Attributes = Readonly<Record<string, number>>
export type Tensors = Record<string, Tensor>
export type Shapes = Record<string, number[]>
/** Shapes that inputs must have; a text stands for a size that isn't allowed, and says what is. */
export type WantedShapes = Record<string, readonly (number | string | undefined)[]>

/** For `inputShapes`: a size that must be a multiple of another. */
export const multipleOf = (size: number, of: number): number | string =>
  size % of === 0 ? size : `a multiple of ${of}`
/** For `inputShapes`: a size that must not be below another. */
export const atLeast = (least: number, size: number): number | string =>
  size >= least ? size : `at least ${least}`

export interface FusedOpDefinition<A extends Attributes> {
  name: string
  /** The name that engines know the kernel by, where ops of one kind differ only in how many tensors they take. */
  kernel?: string
  inputs: readonly string[]
  /** The float inputs that a gradient reaches; all of them where left out. */
  differentiable?: readonly string[]
  outputs: readonly string[]
  /** The attributes in the order in which kernels get them, with the values they have when left out. */
  attributes?: A
  outputShapes(inputs: Shapes, attributes: A): Shapes
  /**
   * The shapes that the inputs must have beside each other, told from those given, which may be wrong: the op throws
   * where they differ. Any shapes where left out.
   */
  inputShapes?(given: Shapes, attributes: A): WantedShapes
  /** Inputs that are int32; all others are float32. */
  integers?: readonly string[]
  /** Attributes that are whole numbers, with the least that each may be; all others are numbers. */
  wholeNumbers?: Partial<Record<keyof A, number>>
  /**
   * Inputs of which no value may be further from 0 than this. Looked at where an engine has the values at hand: on webgpu
   * those that JavaScript gave, and nowhere while a program is recorded or replayed.
   */
  largest?: Readonly<Record<string, number>>
  /** The truth, in tfjs ops that are right to any order: what every engine without a kernel runs. */
  reference(inputs: Tensors, attributes: A): Tensors
  /**
   * Outputs that the gradient's kernel may use instead of computing them again. They are values, not variables: the
   * gradient's own derivative runs through the inputs, which determine them.
   */
  memo?: readonly string[]
  /** Outputs that a kernel may write over an input that nobody needs any more, by name the input's. */
  overwrites?: Readonly<Record<string, string>>
  /**
   * Those of the wanted gradients that need no kernel: they are a cotangent itself, or follow from the memos by a few
   * tensor operations and are differentiable through them. Undefined stands for zeros.
   *
   * @param cotangents of the outputs that have one, by the outputs' names
   */
  simpleGradients?(cotangents: Tensors, memos: Tensors): Record<string, Tensor | undefined>
}

/**
 * What an engine implements. One kernel serves every variant of a gradient: of `inputs` and `outputs` a variant has
 * those that are present and wanted.
 */
export interface KernelFamily {
  name: string
  inputs: readonly string[]
  outputs: readonly string[]
  differentiable: readonly string[]
  attributes: readonly string[]
  /** See `FusedOpDefinition.overwrites`. */
  overwrites?: Readonly<Record<string, string>>
}

export interface FusedOp<A extends Attributes = Attributes> {
  /**
   * Runs the engine's kernel where it has one that supports these inputs, else the reference.
   *
   * @throws if an input is missing or its type, its shape or an attribute is none that the definition allows
   */
  (inputs: Tensors, attributes?: Partial<A>): Tensors
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly differentiable: readonly string[]
  readonly family: KernelFamily
  /** 0 for an op by definition, 1 for a gradient, 2 for a gradient's gradient, … */
  readonly order: number
  reference(inputs: Tensors, attributes?: Partial<A>): Tensors
  outputShapes(inputs: Shapes, attributes?: Partial<A>): Shapes
  /** Why the active engine would run the reference for these inputs, or true where it has a kernel for them. */
  kernelFor(inputs: Shapes, attributes?: Partial<A>): true | string
  /**
   * The fused op that computes this one's gradient. Its inputs are this op's inputs, then `d_y` for each output y in
   * `cotangents`, then the memos; its outputs are `grad_x` for each input x in `wanted` (`grad2_x` at the next
   * order, …). Both default to all. Its kernel family is this family's name + `Grad`.
   */
  gradient(wanted?: readonly string[], cotangents?: readonly string[]): FusedOp<A>
}

export const shapesOf = (tensors: Tensors): Shapes =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.shape]))

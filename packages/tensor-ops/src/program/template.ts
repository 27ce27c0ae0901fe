import { tf, type Tensor } from '../tf'

/** A value made of objects, arrays, numbers and tensors, each tensor replaced by its place in a list. */
export interface Template {
  build(tensors: readonly Tensor[]): unknown
}

/** Takes the tensors out of a value. */
export function takeApart(value: unknown): { tensors: Tensor[]; template: Template } {
  const tensors: Tensor[] = []
  const visit = (node: unknown): ((given: readonly Tensor[]) => unknown) => {
    if (node instanceof tf.Tensor) {
      const place = tensors.push(node) - 1
      return (given) => given[place]
    }
    if (Array.isArray(node)) {
      const children = node.map(visit)
      return (given) => children.map((child) => child(given))
    }
    if (typeof node === 'object' && node !== null) {
      const children = Object.entries(node).map(([name, child]) => [name, visit(child)] as const)
      return (given) => Object.fromEntries(children.map(([name, child]) => [name, child(given)]))
    }
    return () => node
  }
  const build = visit(value)
  return { tensors, template: { build } }
}

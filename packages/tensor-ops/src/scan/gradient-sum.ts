import type { Cotangents } from '../autodiff/vjp'
import { tf, type Tensor } from '../tf'
import { disposeTree, treeLeaves, treeMap, type TensorTree } from '../tree'

/** Sums the gradients that reach each parameter from the parts of a model; owns what it holds. */
export class GradientSum {
  private readonly sums = new Map<number, Tensor>()

  /** The sums so far in the form of `parameters`, nothing where there is none: for a `pull` to add to. */
  soFar<T extends TensorTree>(parameters: T): Cotangents<T> {
    return treeMap(parameters, (leaf) => this.sums.get(leaf.id) as Tensor) as unknown as Cotangents<T>
  }

  /** Takes what a `pull` has added to the sums so far. @param parameters the part's leaves, of the same form */
  replace(parameters: TensorTree, gradients: TensorTree): void {
    const leaves = treeLeaves(parameters)
    treeLeaves(gradients).forEach((gradient, i) => {
      this.sums.get(leaves[i].id)?.dispose()
      this.sums.set(leaves[i].id, tf.keep(gradient))
    })
  }

  /** Adds a part's gradients and frees them. @param parameters the part's leaves, of the same form */
  add(parameters: TensorTree, gradients: TensorTree): void {
    const leaves = treeLeaves(parameters)
    treeLeaves(gradients).forEach((gradient, i) => {
      const id = leaves[i].id
      const sum = this.sums.get(id)
      const next = sum === undefined ? gradient : tf.tidy(() => tf.add(sum, gradient))
      if (sum !== undefined) {
        sum.dispose()
        gradient.dispose()
      }
      this.sums.set(id, tf.keep(next))
    })
  }

  /** The sums in the form of `parameters`, zeros where nothing was added; the caller owns them. Those of others stay. */
  take<T extends TensorTree>(parameters: T): T {
    const result = treeMap(parameters, (leaf) => {
      const sum = this.sums.get(leaf.id)
      this.sums.delete(leaf.id)
      return sum ?? tf.keep(tf.zeros(leaf.shape, 'float32'))
    })
    return result
  }

  dispose(): void {
    disposeTree([...this.sums.values()])
    this.sums.clear()
  }
}

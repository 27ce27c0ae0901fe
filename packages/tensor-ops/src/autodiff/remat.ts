import { tf } from '../tf'
import { treeMap, type TensorTree } from '../tree'
import { vjp, type Vjp } from './vjp'

/**
 * Like `vjp`, but keeps no tape: `pull` runs `f` a second time. Memory between the two is that of the value alone.
 * The inputs must stay alive until `pull`. Only at the outermost level (a nested gradient shares the outer tape).
 */
export function rematerializedVjp<X extends TensorTree, Y extends TensorTree, A = undefined>(
  f: (inputs: X) => { value: Y; aux?: A },
  inputs: X,
): Vjp<X, Y, A> {
  const { value, aux } = tf.tidy(() => {
    const result = f(inputs)
    return { value: treeMap(result.value, (leaf) => tf.clone(leaf)), aux: result.aux } as never
  }) as { value: Y; aux: A }
  return {
    value,
    aux,
    pull: (cotangents) =>
      tf.tidy(() => {
        const again = vjp(f, inputs)
        return again.pull(cotangents) as never
      }),
    dispose: () => {},
  }
}

import type { Vjp } from '../autodiff/vjp'
import type { TensorTree } from '../tree'
import { program, vjpProgram, type ProgramKey } from './program'
import { takeApart } from './template'

/**
 * Like `vjpProgram`, but nothing of the forward pass is kept: `pull` computes it again from the inputs, which the
 * caller keeps alive until then.
 */
export function rematerializedVjp<
  X extends TensorTree,
  Y extends TensorTree,
  D extends TensorTree,
  A = undefined,
>(key: ProgramKey, f: (inputs: X, data: D) => { value: Y; aux?: A }, inputs: X, data: D): Vjp<X, Y, A> {
  const { value, aux } = program(key, (given: { x: X; d: D }) => f(given.x, given.d), { x: inputs, d: data })
  return {
    value,
    aux: aux as A,
    pull(cotangents, onto) {
      const again = vjpProgram<X, Y, D, A>(key, f, inputs, data)
      disposeResults(again)
      return again.pull(cotangents, onto)
    },
    dispose() {},
  }
}

function disposeResults({ value, aux }: { value: unknown; aux: unknown }): void {
  for (const tensor of takeApart({ value, aux }).tensors) tensor.dispose()
}

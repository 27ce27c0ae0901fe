import { opSuites, type OpName } from '@ttt-e2e/kernels/cases'
import { tf } from '@ttt-e2e/tensor-ops'
import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'

/** How far an engine's ops are from their references, where it is furthest. */
export interface OpsVerdict {
  /** Ops that were checked. */
  checked: number
  /** The largest relative error as a share of what is allowed there, and of what it is. */
  worst: { error: number; limit: number; name: string }
}

const sizeOf = ({ shapes }: OpCase) =>
  Object.values(shapes).reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0)

/** The second smallest case of an op's suite: the smallest is often a single token. */
function smallCase(cases: readonly OpCase[]): OpCase {
  return cases.toSorted((a, b) => sizeOf(a) - sizeOf(b))[Math.min(1, cases.length - 1)]
}

/**
 * Holds a small case of every op, of its gradient and of that one's gradient against the reference on cpu. The engine stays
 * the active one. All cases are what `bench ops` and the tests hold it to.
 *
 * @throws if an op fails
 */
export async function checkOps(
  engine: string,
  onOp: (name: string) => void,
  names = Object.keys(opSuites) as OpName[],
): Promise<OpsVerdict> {
  let worst = { error: 0, limit: 1, name: '' }
  for (const name of names) {
    onOp(name)
    const { op, cases } = opSuites[name]
    const order = op.differentiable.length === 0 ? 0 : 2
    const { errors } = await checkOp(op, smallCase(cases), engine, { order })
    for (const { error, limit, name: what } of errors)
      // Also where an error is no number.
      if (!(error / limit <= worst.error / worst.limit)) worst = { error, limit, name: `${name}, ${what}` }
  }
  return { checked: names.length, worst }
}

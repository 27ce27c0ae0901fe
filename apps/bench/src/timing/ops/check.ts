import type { OpSuite } from '@ttt-e2e/kernels/cases'
import { checkOp } from '@ttt-e2e/tensor-ops/op-check'

/** Runs an op's suite on an engine, to the order that is timed. @returns what is red; undefined where all is green */
export async function redOf(
  { op, cases }: Pick<OpSuite, 'op' | 'cases'>,
  engine: string,
): Promise<string | undefined> {
  const order = op.differentiable.length === 0 ? 0 : 2
  for (const example of cases) {
    const { leaked, errors } = await checkOp(op, example, engine, { order })
    if (leaked !== 0) return `${example.name}: ${leaked} tensors left behind`
    const worst = errors.find(({ error, limit }) => !(error < limit))
    if (worst)
      return `${example.name}: ${worst.name} is off by ${worst.error.toExponential(1)}, allowed ${worst.limit.toExponential(0)}`
  }
  return undefined
}

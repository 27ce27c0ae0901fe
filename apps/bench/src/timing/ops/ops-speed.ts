import { opSuites, type OpName } from '@ttt-e2e/kernels/cases'
import { formatTable } from '@ttt-e2e/report'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { recordSpeed } from '../record'
import { redOf } from './check'
import type { OpsOptions } from './options'
import { opsTable } from './ops-table'
import { timeOps, type OpSpeed } from './time-ops'

/** What is wrong with an op, so that it was not timed. */
export interface RedOp {
  engine: string
  op: string
  red: string
}

/**
 * Times every fused op at the shapes of real models against its reference on the same engine: forward, gradient and
 * gradient's gradient; and products of matrices. An op whose suite is red is not timed.
 *
 * @returns the exit code: 1 if anything is red
 * @throws UserError or EngineError for a request that can't be met
 */
export async function opsSpeed(options: OpsOptions): Promise<number> {
  const { engines, sizes, ops, threads, precision, ...timing } = options
  let anyRed = false
  const code = await recordSpeed<OpSpeed | RedOp>(
    'ops',
    { ...options, engine: engines[0] },
    async (measuring) => {
      const { progress, rows } = measuring
      for (const [i, name] of engines.entries()) {
        const use = () => resolveEngine(name, { threads, precision })
        const engine = await use()
        if (i > 0) progress.print(`\n${engine.line}`)
        const green: OpName[] = []
        for (const op of ops) {
          progress.update(`${op} · its suite on ${engine.name}`)
          const red = await redOf(opSuites[op], engine.name)
          if (red === undefined) green.push(op)
          else {
            anyRed = true
            rows.push({ engine: engine.name, op, red })
            progress.print(`RED ${op} on ${engine.name}: ${red}; it is not timed`)
          }
        }
        await use()
        for (const size of sizes) {
          const speeds: OpSpeed[] = []
          try {
            await timeOps({ engine: engine.name, size, ops: green, ...timing }, measuring, speeds)
          } finally {
            // What was timed before a signal counts, too.
            rows.push(...speeds)
            progress.clear()
            if (speeds.length > 0) progress.print(`\n${formatTable(opsTable(engine.name, size, speeds))}`)
          }
        }
      }
    },
  )
  return anyRed ? 1 : code
}

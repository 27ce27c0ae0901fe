import '@ttt-e2e/kernels/engines'
import { outliveOutput } from '@ttt-e2e/cli'
import { resolveEngine, UserError } from '@ttt-e2e/tensor-ops'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { loadProbes } from '../../probes/load-probes'
import { benchmarksOf } from '../../tasks/benchmarks-of'
import { measureHere } from '../measure-run'
import type { MeasureRun, RunListener, RunWork } from '../run-work'
import type { MessageFromWorker, MessageToWorker, WorkerSetup } from './messages'

// The entry of a worker process: measures the runs that it is sent, one at a time.

const stopping = new AbortController()
let setup: WorkerSetup
let measure: Promise<MeasureRun> | undefined
const listener: RunListener = {
  print: (line) => send({ kind: 'print', line }),
  update: (doing, piece, left) => send({ kind: 'update', doing, piece, left }),
}

// A terminal's Ctrl-C reaches every process of a command; the one that started this says when to stop, or is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => stopping.abort())
outliveOutput()

process.on('message', (message: MessageToWorker) => {
  if (message.kind === 'stop') stopping.abort()
  else if (message.kind === 'setup') setup = message.setup
  else void answer(message.work)
})

async function setUp({
  engine,
  engineOptions,
  description,
  taskOptions,
  comparison,
  probes,
}: WorkerSetup): Promise<MeasureRun> {
  await resolveEngine(engine, engineOptions)
  const asked = (await loadProbes(probes)).filter(({ name }) => name in comparison.sizes)
  return measureHere(await benchmarksOf(description, taskOptions, asked), comparison, asked)
}

async function answer(work: RunWork): Promise<void> {
  try {
    measure ??= setUp(setup)
    send({ kind: 'measured', measured: await (await measure)(work, listener, stopping.signal) })
  } catch (thrown) {
    const error = asFileError(thrown)
    const { name, message, stack } = error as Error
    send({ kind: 'failed', forPeople: error instanceof UserError, name, message, stack })
  }
}

function send(message: MessageFromWorker): void {
  // Where nobody listens any more, 'disconnect' says so.
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}

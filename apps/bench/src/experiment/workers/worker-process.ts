import { UserError } from '@ttt-e2e/cli'
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { nameOf, type MeasuredRun, type RunListener, type RunWork } from '../run-work'
import type { MessageFromWorker, MessageToWorker, WorkerSetup } from './messages'

/** A worker process ended without having been told to. The message is one sentence. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied'
}

/** Workers that this process must not leave behind: the second Ctrl-C quits at once. */
const open = new Set<ChildProcess>()
process.on('exit', () => open.forEach((child) => child.kill('SIGKILL')))

/** Starts the entry of a worker: its source, as the bench runs from source. */
export function forkWorker(
  file = join(import.meta.dirname, 'worker.ts'),
  execArgv = ['--conditions=source', '--import', 'tsx'],
): ChildProcess {
  return fork(file, {
    execArgv,
    cwd: join(import.meta.dirname, '../../..'),
    // Numbers that JSON lacks stay what they are.
    serialization: 'advanced',
  })
}

/** A process that measures runs, one at a time. */
export class WorkerProcess {
  /** Why it can't measure any more. */
  private ended: string | undefined

  constructor(
    setup: WorkerSetup,
    private readonly child = forkWorker(),
  ) {
    this.child.once('error', (error) => (this.ended = error.message))
    this.child.once('exit', (code, signal) => (this.ended = signal ?? `exit code ${code}`))
    open.add(this.child)
    this.send({ kind: 'setup', setup })
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  readonly measure = (
    work: RunWork,
    listener: RunListener,
    signal: AbortSignal,
  ): Promise<MeasuredRun | undefined> => {
    const { child } = this
    return new Promise<MeasuredRun | undefined>((resolve, reject) => {
      const stop = () => this.send({ kind: 'stop' })
      const end = () =>
        settle(() => {
          if (signal.aborted) resolve(undefined)
          else reject(new WorkerDied(this.obituary(work)))
        })
      const receive = (message: MessageFromWorker) => {
        if (message.kind === 'print') listener.print(message.line)
        else if (message.kind === 'update') listener.update(message.doing, message.piece, message.left)
        else if (message.kind === 'measured') settle(() => resolve(message.measured))
        else {
          const { name, stack } = message
          const error = message.forPeople ? new UserError(message.message) : new Error(message.message)
          settle(() => reject(Object.assign(error, { name, stack })))
        }
      }
      const settle = (how: () => void) => {
        child.off('message', receive).off('exit', end).off('error', end)
        signal.removeEventListener('abort', stop)
        how()
      }
      child.on('message', receive).once('exit', end).once('error', end)
      signal.addEventListener('abort', stop)
      if (this.ended !== undefined) end()
      else this.send({ kind: 'measure', work })
    })
  }

  /** Lets the process end once it has nothing to do. */
  close(): void {
    open.delete(this.child)
    if (this.child.connected) this.child.disconnect()
  }

  private obituary(work: RunWork): string {
    return (
      `process ${this.pid} of ${nameOf(work)} ended (${this.ended}): it was killed or ran out of memory; ` +
      'fewer --workers need less memory, and what was saved is kept'
    )
  }

  private send(message: MessageToWorker): void {
    // Where it has ended, 'exit' says so.
    if (this.child.connected) this.child.send(message, () => {})
  }
}

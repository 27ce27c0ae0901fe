import { UserError } from '@ttt-e2e/cli'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { StepTaken, StepWork } from './work'

/**
 * Takes the steps in a process of their own: what one was at its fullest never falls.
 *
 * @param onStep told after each, before the last one is returned
 * @throws UserError where it can't
 */
export function takeStep(work: StepWork, onStep?: (taken: StepTaken) => void): Promise<StepTaken> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(work)], {
    // The bench runs from source, and so does this.
    execArgv: ['--conditions=source', '--import', 'tsx'],
    cwd: join(import.meta.dirname, '../../..'),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr!.on('data', (text) => (said += String(text)))
  return new Promise((resolve, reject) => {
    let taken: StepTaken | undefined
    child.on('message', (message: StepTaken) => {
      taken = message
      onStep?.(taken)
    })
    child.on('close', (code) => {
      if (taken && code === 0) resolve(taken)
      else
        reject(
          new UserError(
            `the step in chunks of ${work.chunk} could not be taken (exit code ${code}): ${lastWords(said)}`,
          ),
        )
    })
  })
}

/** The line of an error's message, not of where it was thrown. */
const lastWords = (said: string) =>
  said.split('\n').find((line) => /^\w*Error\b.*: /.test(line)) ?? said.trim().split('\n').at(-1) ?? ''

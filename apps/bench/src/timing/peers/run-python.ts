import { UserError } from '@ttt-e2e/cli'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface PythonRun {
  /** What it printed on stdout. */
  lines: string[]
  /** Why it ended before its time. */
  failure?: { missingPackage: string } | { message: string }
}

/**
 * Runs a Python script.
 *
 * @throws UserError where there is no such Python
 * @throws the signal's reason
 */
export async function runPython(
  python: string,
  parameters: readonly string[],
  { folder, signal }: { folder: string; signal?: AbortSignal },
): Promise<PythonRun> {
  const child = spawn(python, parameters, { cwd: folder, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-10_000)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'not found' : error.message
      reject(signal?.aborted ? signal.reason : new UserError(`'${python}' can't be run (${reason}); give --python the path of a Python`)) // prettier-ignore
    })
  })
  signal?.throwIfAborted()
  if (code === 0) return { lines }
  const missing = /ModuleNotFoundError: No module named '([^']+)'/.exec(errors)
  if (missing) return { lines, failure: { missingPackage: missing[1] } }
  const message = errors.trim().split('\n').at(-1)
  return { lines, failure: { message: message || `exit code ${code}` } }
}

import { asFileError, streamOfFile } from '@ttt-e2e/tensor-ops/files'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { formatCount } from '../../format'
import { abortOnSignals, interruptedExitCode } from '../../interrupt'
import { callersFolder } from '../../run-command'
import type { Memories, Target } from '../memories'
import { tell, type Output } from '../output'
import { ProgressLine } from '../progress-line'

/** Reads a file, or stdin for `-`, into a memory; an interruption leaves everything as it was. */
export async function read(
  memories: Memories,
  file: string,
  { target, learn }: { target: Target; learn: boolean },
  output: Output,
): Promise<void> {
  const { total, text } = open(file)
  const line = new ProgressLine(total)
  const { progress } = output
  const { signal, restore } = abortOnSignals(() => {})
  try {
    const facts = await memories.read(text, target, {
      signal,
      learn,
      onProgress: (report) => progress.update(line.update(report)),
    })
    const { loss } = line
    const how = loss === null ? '' : `, loss ${loss.toFixed(3)} nats per token`
    tell(
      output,
      { ...facts, loss },
      `${facts.name ?? facts.id}: ${counted(facts.tokens, 'token', { as: formatCount(facts.tokens) })} in ${counted(facts.steps, 'step')} of learning${how}`,
    )
  } catch (error) {
    if (!signal.aborted) throw error
    progress.complain('interrupted: nothing was saved, and what was there before is as it was')
    process.exitCode = interruptedExitCode
  } finally {
    progress.clear()
    restore()
    // A pipe that nobody ends would hold the process.
    if (file === '-') process.stdin.destroy()
  }
}

function open(file: string): { total?: number; text: AsyncIterable<Uint8Array> } {
  if (file === '-') {
    if (process.stdin.isTTY)
      throw new UserError('there is nothing to read: pipe a text into ttt read -, or name a file')
    return { text: process.stdin }
  }
  const path = resolve(callersFolder(), file)
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw new UserError(`'${path}' can't be read: it is a folder; name a text file`)
    return { total: stat.size, text: streamOfFile(path) }
  } catch (error) {
    throw asFileError(error, { path })
  }
}

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

/** A command that waits in the middle of what it writes. */
const writing = (folder: string) => `
    import { Command } from 'commander'
    import { runCommand } from './run-command.ts'
    import { writeFolderDurably } from '@ttt-e2e/tensor-ops/files'
    await runCommand(new Command().action(() =>
      writeFolderDurably(${JSON.stringify(join(folder, 'written'))}, async (write) => {
        await write('half', 'of it')
        console.log('waiting')
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      }),
    ))`

/** What every command line begins with, while the rest is loaded. */
const loading = `
    import './begin.ts'
    console.log('waiting')
    await new Promise((resolve) => setTimeout(resolve, 60_000))`

/** Runs a script, and signals it once it waits. @returns its exit code */
async function interrupted(signal: NodeJS.Signals, script: string) {
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  child.stdout.on('data', () => child.kill(signal))
  return await new Promise((resolve) => child.on('close', (code) => resolve(code)))
}

it.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a command that has no place to stop at ends with 130 at a signal, and leaves nothing half: %s',
  async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'interrupt-'))
    expect(await interrupted(signal, writing(folder))).toBe(130)
    expect(readdirSync(folder)).toEqual([])
    expect(await interrupted(signal, loading)).toBe(130)
  },
)

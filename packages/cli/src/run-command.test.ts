import { Command } from 'commander'
import { afterEach, expect, it, vi } from 'vitest'
import { runCommand } from './run-command'

const { argv } = process
afterEach(() => {
  process.argv = argv
  process.exitCode = undefined
  vi.restoreAllMocks()
})

it.each([
  [['--out', ''], '--out is empty; give it a value, or leave it out\n'],
  [['read', '--data', ''], '--data is empty; give it a value, or leave it out\n'],
  [['read', '--name', 'a', ''], '--name is empty; give it a value, or leave it out\n'],
  [['--out', ' '], ''],
])(
  'an option that a script left empty is refused, not taken for the folder one stands in: %j',
  async (given, said) => {
    const acted = vi.fn()
    const command = new Command('test').option('--out <folder>').action(acted)
    command.command('read').option('--data <file>').option('--name <names...>').action(acted)
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    process.argv = ['node', 'main', ...given]
    await runCommand(command)
    expect(written.mock.calls.join('')).toBe(said)
    expect(process.exitCode).toBe(said === '' ? undefined : 2)
    expect(acted).toHaveBeenCalledTimes(said === '' ? 1 : 0)
  },
)

import { callersFolder, runCommand } from '@ttt-e2e/cli'
import { Command } from 'commander'
import { commands } from './commands'

const caller = callersFolder()
const command = new Command('pnpm --filter bench start')
for (const add of commands) add(command, caller)
await runCommand(command)

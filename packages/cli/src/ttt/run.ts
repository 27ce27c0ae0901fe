import { Command } from 'commander'
import { runCommand } from '../run-command'
import { command } from './command'

await runCommand(command(new Command('ttt')))
// Engines keep threads, and sockets stay open for another request: what was asked for is done.
process.exit()

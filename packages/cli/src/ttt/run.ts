import { Command } from 'commander'
import { runCommand } from '../run-command'
import { command } from './command'

await runCommand(command(new Command('ttt')))
// What the system refused of the last words is known once they were taken, and said then.
await new Promise((taken) => process.stdout.write('', taken))
// Engines keep threads, and sockets stay open for another request: what was asked for is done.
process.exit()

import { formatTable } from '@ttt-e2e/report'
import type { SpeedSizeName } from './sizes'
import type { Speed } from './measurement'
import type { SpeedOptions } from './options'
import { peersTable } from './peers/peer-ratios'
import { findPeers, type Peers } from './peers/peers'
import { recordSpeed, type Measuring } from './record'
import { speedTable } from './speed-table'

/**
 * Measures size after size, with the peers where they are asked for, and prints each one's tables when it is done.
 *
 * @param describe a title, and sentences to stand below the tables
 * @returns the exit code
 */
export function measureSizes(
  command: string,
  options: SpeedOptions,
  measure: (size: SpeedSizeName, measuring: Measuring<Speed>, peers?: Peers) => Promise<Speed[]>,
  describe: (speeds: readonly Speed[]) => { title: string; sentences?: string[] },
): Promise<number> {
  return recordSpeed<Speed>(command, options, async (measuring) => {
    const { progress, rows, signal } = measuring
    const print = (line: string) => progress.print(line)
    const peers =
      options.peers === undefined ? undefined : await findPeers(options.peers, options.python, print, signal)
    try {
      for (const size of options.sizes) {
        const speeds = await measure(size, measuring, peers)
        rows.push(...speeds)
        const { title, sentences = [] } = describe(speeds)
        progress.clear()
        print(`\n${formatTable(speedTable(title, speeds))}`)
        for (const sentence of sentences) print(`* ${sentence}`)
        const beside = peersTable(size, speeds)
        if (beside) print(`\n${formatTable(beside)}`)
      }
    } finally {
      peers?.dispose()
    }
  })
}

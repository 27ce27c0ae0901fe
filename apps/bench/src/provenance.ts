import { cpus, totalmem } from 'node:os'
import { gitHash } from '@ttt-e2e/cli'
import { tf } from '@ttt-e2e/tensor-ops'

export interface Provenance {
  machine: Record<string, string | number>
  versions: Record<string, string>
  gitHash: string | null
}

/** What the numbers were measured on and with. */
export function provenance(): Provenance {
  const processors = cpus()
  return {
    machine: {
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: { node: process.version, tfjs: tf.version_core },
    gitHash: gitHash(),
  }
}

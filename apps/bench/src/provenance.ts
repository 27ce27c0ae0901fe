import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { tf } from '@ttt-e2e/tensor-ops'

/** What the numbers were measured on and with. */
export function provenance() {
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

function gitHash(): string | null {
  const git = (...parameters: string[]) =>
    execFileSync('git', parameters, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const dirty = git('status', '--porcelain', '--untracked-files=no') !== ''
    return git('rev-parse', 'HEAD') + (dirty ? ' (modified)' : '')
  } catch {
    return null
  }
}

import { readFileSync } from 'node:fs'
import { tf } from '@ttt-e2e/tensor-ops'

/** What writes a run.json. All packages are released together, so that this one's version stands for all. */
export function versions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return { node: process.version, tfjs: tf.version_core, 'ttt-e2e': manifest.version }
}

import { execFileSync } from 'node:child_process'

/** The commit of this program, and whether it was changed since; null outside of git. */
export function gitHash(): string | null {
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

// What the scripts that check several things have in common: a line for each, and their sum as `.ci/run` counts it.
import { execFileSync } from 'node:child_process'

/** Runs a program to its end. @returns what it printed @throws if it fails, with its output */
export const run = (cwd, command, args, env = {}) =>
  execFileSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  })

/** @returns what checks a thing and goes on whatever comes of it, and what tells the sum and ends the process by it */
export function startChecks(name) {
  let [passed, failed] = [0, 0]
  return {
    async check(what, action) {
      try {
        await action()
        passed++
        console.log(`ok    ${what}`)
      } catch (error) {
        failed++
        console.log(`FAIL  ${what}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}`)
      }
    },
    end() {
      console.log(`${name}: ${passed} passed, ${failed} failed`)
      process.exit(failed === 0 ? 0 : 1)
    },
  }
}

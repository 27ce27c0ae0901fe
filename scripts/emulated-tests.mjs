// What scripts/test-platform.mjs bundles: vitest's runner without its command, for one file of tests in this process.
import { startTests } from '@vitest/runner'
import { getTasks } from '@vitest/runner/utils'
import '@ttt-e2e/kernels/engines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'

const config = {
  root: '/',
  setupFiles: [],
  sequence: { hooks: 'stack' },
  maxConcurrency: 1,
  testTimeout: 0,
  hookTimeout: 0,
  retry: 0,
  tags: [],
}

/** Prints the native engine's line, what fails, and on the last line how many tests passed, failed and were skipped. */
export async function runTests(importFile) {
  // Windows looks there for its temporary folder, which wine sets to one of its own.
  if (process.platform === 'win32') process.env.TEMP = process.env.TMPDIR
  // The vi of the tests looks here.
  Object.assign(globalThis, { __vitest_worker__: { config, metaEnv: process.env } })
  console.log((await resolveEngine('native')).line)
  const count = { pass: 0, fail: 0, skip: 0 }
  for (const task of getTasks(await startTests(['tests'], { config, importFile }))) {
    const errors = task.result?.errors ?? []
    for (const { stack, message } of errors)
      console.log(`FAIL  ${task.fullTestName ?? ''}: ${stack ?? message}`)
    if (task.type === 'test') count[task.result?.state ?? task.mode]++
    else if (errors.length > 0) count.fail++
  }
  console.log(`${count.pass} passed, ${count.fail} failed, ${count.skip} skipped`)
}

// Builds the native engine's addon with gcc's address and undefined-behaviour sanitizers and runs tests on it, those of
// packages/kernels unless others are named:
//   node scripts/sanitize-native.mjs [FILTER …]
// Exits with 1 if a sanitizer reports anything or a test fails. Linux with g++ and its libasan.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(homedir(), '.cache', 'ttt-e2e', 'sanitized')
mkdirSync(cache, { recursive: true })

// The engine compiles with whatever CXX names. A report doesn't stop the tests, so that one run shows all of them.
const compiler = join(cache, 'g++')
const flags = '-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fsanitize-recover=all'
writeFileSync(compiler, `#!/bin/sh\nexec g++ "$@" ${flags}\n`)
chmodSync(compiler, 0o755)

const library = (name) => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()
const environment = {
  ...process.env,
  CXX: compiler,
  TTT_E2E_CACHE: cache,
  TTT_E2E_PREBUILT: '0',
  // V8 handles the faults of WebAssembly code itself, and what a process keeps until its end is no leak; freed memory is
  // soon used again, as tests count it.
  ASAN_OPTIONS:
    'halt_on_error=0:detect_leaks=0:handle_segv=0:allow_user_segv_handler=1:quarantine_size_mb=16',
  UBSAN_OPTIONS: 'halt_on_error=0:print_stacktrace=1',
}
const preload = { LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}` }
const node = (options, more) =>
  execFileSync(process.execPath, options, { cwd: root, env: { ...environment, ...more }, encoding: 'utf8' })

// Outside of the tests and their time limits; without the addon they would only be skipped.
const engines = './packages/kernels/src/engines'
const build = `
  const { buildAddon } = await import('${engines}/native/build.ts')
  const { findSources } = await import('${engines}/compiled/sources.ts')
  console.log(JSON.stringify(await buildAddon(findSources('native'))))`
const types = ['--conditions=source', '--import', 'tsx', '--input-type=module']
const { path, reason } = JSON.parse(node([...types, '-e', build]))
if (path === undefined) throw new Error(`the native engine: ${reason}`)
node(['-e', `require(${JSON.stringify(path)})`], preload)

const filters = process.argv.slice(2)
const tests = filters.length > 0 ? filters : ['packages/kernels']
const options = ['--pool=forks', '--maxWorkers=1', '--testTimeout=600000', '--hookTimeout=600000']
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const run = spawn(process.execPath, [vitest, 'run', ...options, ...tests], {
  cwd: root,
  env: { ...environment, ...preload },
  stdio: ['ignore', 'pipe', 'pipe'],
})
let output = ''
for (const stream of ['stdout', 'stderr'])
  run[stream].setEncoding('utf8').on('data', (text) => {
    process[stream].write(text)
    output += text
  })
const [status] = await once(run, 'close')
const reports = output.match(/AddressSanitizer: |runtime error: /g)?.length ?? 0
console.log(
  reports === 0 ? 'the sanitizers have nothing to report' : `the sanitizers report ${reports} faults`,
)
process.exitCode = reports === 0 && status === 0 ? 0 : 1

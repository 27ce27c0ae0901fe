// Packs every package, installs the tarballs into an empty folder, imports each entry point there, runs the README's
// library example and adds a system from outside. Expects built packages. Prints one line per check and exits 1 if any failed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'packed-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
const run = (cwd, command, ...args) =>
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  })

const platformPackage = `@ttt-e2e/native-${process.platform}-${process.arch}`

let [passed, failed] = [0, 0]
function check(what, action) {
  try {
    action()
    passed++
    console.log(`ok    ${what}`)
  } catch (error) {
    failed++
    console.log(`FAIL  ${what}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}`)
  }
}

const dependencies = {}
const entries = []
for (const path of packages) {
  const { name, exports, private: unpublished } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  if (unpublished) continue
  // Packing one builds its addon: this platform's is enough.
  const isAddon = name.startsWith('@ttt-e2e/native-')
  if (isAddon && name !== platformPackage) continue
  check(`publint ${name}`, () => run(path, join(root, 'node_modules/.bin/publint'), '--strict', '.'))
  check(`pack ${name}`, () => {
    const output = run(path, 'pnpm', 'pack', '--json', '--pack-destination', folder)
    // A prepack script's lines come first.
    const packed = JSON.parse(output.slice(output.search(/^\{/m)))
    dependencies[name] = `file:${packed.filename}`
  })
  // The test kits need vitest, which an importing project brings.
  entries.push(
    ...Object.keys(exports ?? {})
      .filter((entry) => entry !== './testing')
      .map((entry) => name + entry.slice(1)),
  )
}

writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
check('install the tarballs into an empty folder', () =>
  run(folder, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'),
)
for (const entry of entries)
  check(`import ${entry}`, () => run(folder, 'node', '--input-type=module', '-e', `await import('${entry}')`))

if (platformPackage in dependencies)
  check('load the prebuilt addon, where there is no compiler', () => {
    const cache = join(folder, 'cache')
    const code =
      "import '@ttt-e2e/kernels/engines'; await (await import('@ttt-e2e/tensor-ops')).resolveEngine('native')"
    execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      env: { PATH: '/nowhere', TTT_E2E_CACHE: cache },
      encoding: 'utf8',
      stdio: 'pipe',
    })
    if (existsSync(cache)) throw new Error('an addon was compiled')
  })

check('run the wasm engine on two threads', () => {
  const code = `
    import '@ttt-e2e/kernels/engines/wasm'
    import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
    const { line } = await resolveEngine('wasm', { threads: 2 })
    const x = tf.ones([300, 300])
    console.log(line, tf.sum(tf.matMul(x, x)).dataSync()[0])`
  const output = run(folder, 'node', '--input-type=module', '-e', code)
  if (output !== 'engine: wasm (128-bit SIMD, 2 threads) 27000000\n') throw new Error(`it says:\n${output}`)
})

check("run the README's example", () => {
  const [, code] = readFileSync(join(root, 'README.md'), 'utf8').match(/```js\n(.*?)```/s)
  writeFileSync(join(folder, 'example.js'), code)
  const output = run(folder, 'node', 'example.js')
  const losses = [...output.matchAll(/loss ([\d.]+)/g)].map((match) => Number(match[1]))
  if (losses.length < 2 || !(losses.at(-1) < losses[0] - 0.5))
    throw new Error(`the loss did not fall:\n${output}`)
  if (!/nats per byte/.test(output)) throw new Error(`nothing was read:\n${output}`)
})

check('add a system from outside, as docs/adding-a-system.md does, types and all', () => {
  const document = readFileSync(join(root, 'docs/adding-a-system.md'), 'utf8')
  for (const [, name, code] of document.matchAll(/<!-- example: (\S+) -->\s+```ts\n(.*?)```/gs))
    writeFileSync(join(folder, name), code)
  const options = [
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--skipLibCheck',
  ]
  const types = ['--typeRoots', join(root, 'node_modules/@types')]
  run(folder, join(root, 'node_modules/.bin/tsc'), ...options, ...types, 'try.ts')
  const output = run(folder, 'node', 'try.js')
  for (const name of ['token-shift', 'learning']) {
    const lines = output.split('\n').filter((line) => line.startsWith(`${name}: `))
    const [first, last] = lines.map((line) => Number(/loss ([\d.]+)/.exec(line)?.[1]))
    const [, whole, pieces] = /at once ([\d.]+), in pieces ([\d.]+)/.exec(lines[2])
    const steps = Number(/(\d+) steps of learning/.exec(lines[3])[1])
    if (!(last < first - 0.5) || !(Math.abs(whole - pieces) <= 1e-3) || (name === 'learning') !== steps > 0)
      throw new Error(`not as the document says:\n${output}`)
  }
})

console.log(`packages: ${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

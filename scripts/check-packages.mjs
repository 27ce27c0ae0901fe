// Packs every package, installs the tarballs into an empty folder, imports each entry point there, runs the examples of every
// README and of examples/, and adds a system from outside. Expects built packages. Prints one line per check and exits 1 if
// any failed.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { run as runIn, startChecks } from './checks.mjs'
import { checkExamples } from './check-examples.mjs'
import { checkOutput, exampleOf } from './examples.mjs'

const root = new URL('..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'packed-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const run = (cwd, command, ...args) => runIn(cwd, command, args)
const manifestOf = (path) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))

const { check, end } = startChecks('packages')

/** What a registry's page shows, the same for all but for the folder. */
function checkManifest(path, manifest) {
  const { homepage, repository, bugs, license } = manifestOf(root)
  const directory = path.slice(root.length)
  const wanted = {
    homepage: homepage.replace('#', `/tree/main/${directory}#`),
    repository: { ...repository, directory },
    bugs,
    license,
  }
  for (const [field, value] of Object.entries(wanted))
    if (JSON.stringify(manifest[field]) !== JSON.stringify(value))
      throw new Error(`${field} must be ${JSON.stringify(value)}`)
  if (!manifest.description || !manifest.keywords?.length)
    throw new Error('it needs a description and keywords')
  if (!manifest.files?.includes('CHANGELOG.md')) throw new Error('CHANGELOG.md must be among its files')
}

const platformPackage = `@ttt-e2e/native-${process.platform}-${process.arch}`
const dependencies = {}
const entries = []
const readmes = [['TTT-E2E in TypeScript', root]]
for (const directory of readdirSync(join(root, 'packages'))) {
  const path = join(root, 'packages', directory)
  const manifest = manifestOf(path)
  const { name, exports } = manifest
  if (manifest.private) continue
  await check(`package.json of ${name}`, () => checkManifest(path, manifest))
  // Packing one builds its addon: this platform's is enough.
  const isAddon = name.startsWith('@ttt-e2e/native-')
  if (isAddon && name !== platformPackage) continue
  readmes.push([name, path])
  await check(`publint ${name}`, async () => {
    const { messages } = await publint({ pkgDir: path, strict: true })
    if (messages.length > 0)
      throw new Error(messages.map((message) => formatMessage(message, manifest)).join('\n'))
  })
  await check(`pack ${name}`, () => {
    const output = run(path, 'pnpm', 'pack', '--json', '--pack-destination', folder)
    // A prepack script's lines come first.
    const packed = JSON.parse(output.slice(output.search(/^\{/m)))
    const files = run(folder, 'tar', '-tzf', packed.filename).split('\n')
    for (const file of ['package/LICENSE', 'package/README.md'])
      if (!files.includes(file)) throw new Error(`${file} is not in the tarball`)
    dependencies[name] = `file:${packed.filename}`
  })
  // The test kits need vitest, which an importing project brings.
  entries.push(
    ...Object.keys(exports ?? {})
      .filter((entry) => entry !== './testing')
      .map((entry) => name + entry.slice(1)),
  )
}

await check('refuse to pack what was not built', () => {
  const path = join(root, 'packages/data')
  const copy = join(folder, 'not-built')
  cpSync(path, copy, {
    recursive: true,
    filter: (source) => !/\/(dist|node_modules)$/.test(source),
  })
  try {
    run(copy, 'node', join(root, 'scripts/check-build.mjs'))
  } catch (error) {
    if (/can't be packed: .*dist\/index\.js is missing/.test(error.stderr)) return
    throw error
  }
  throw new Error('it was let through')
})

writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
await check('install the tarballs into an empty folder', () =>
  run(folder, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'),
)
for (const entry of entries)
  await check(`import ${entry}`, () =>
    run(folder, 'node', '--input-type=module', '-e', `await import('${entry}')`),
  )

if (platformPackage in dependencies)
  await check('load the prebuilt addon, where there is no compiler', () => {
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

await check('run the wasm engine on two threads', () => {
  const code = `
    import '@ttt-e2e/kernels/engines/wasm'
    import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
    const { line } = await resolveEngine('wasm', { threads: 2 })
    const x = tf.ones([300, 300])
    console.log(line, tf.sum(tf.matMul(x, x)).dataSync()[0])`
  const output = run(folder, 'node', '--input-type=module', '-e', code)
  if (output !== 'engine: wasm (128-bit SIMD, 2 threads) 27000000\n') throw new Error(`it says:\n${output}`)
})

for (const [name, path] of readmes)
  await check(`run the example of the README of ${name}`, () => {
    const markdown = readFileSync(join(path, 'README.md'), 'utf8')
    const example = exampleOf(markdown)
    if (!example) throw new Error('it has none')
    if (path !== root && !/```sh\nnpm install @ttt-e2e\/.*\(\.\.\/\.\.\/README\.md\)/s.test(markdown))
      throw new Error('it must say how to install it, and link back')
    writeFileSync(join(folder, 'example.js'), example.code)
    const output =
      example.language === 'bash'
        ? run(folder, 'bash', '-euc', example.code)
        : run(folder, 'node', 'example.js')
    if (!output.trim()) throw new Error('it prints nothing')
    if (example.output) checkOutput(output, example.output)
    if (path === root) checkLearning(output)
  })

await check('run the example of docs/guides/engineers.md', () => {
  writeFileSync(
    join(folder, 'example.js'),
    exampleOf(readFileSync(join(root, 'docs/guides/engineers.md'), 'utf8')).code,
  )
  if (run(folder, 'node', 'example.js').length < 20) throw new Error('it writes nothing')
})

function checkLearning(output) {
  const losses = [...output.matchAll(/loss ([\d.]+)/g)].map((match) => Number(match[1]))
  if (losses.length < 2 || !(losses.at(-1) < losses[0] - 0.5))
    throw new Error(`the loss did not fall:\n${output}`)
  if (!/nats per byte/.test(output)) throw new Error(`nothing was read:\n${output}`)
}

await check('add a system from outside, as docs/adding-a-system.md does, types and all', () => {
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

await checkExamples(folder, check)

end()

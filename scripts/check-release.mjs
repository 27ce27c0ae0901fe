// Releases everything to a registry of this machine, as the release workflow does to the public one: versions and changelogs
// from the changesets, then what every package publishes. Then each package manager installs from there into an empty folder
// and reads a text. Expects built packages, and is run by `pnpm exec`; the addons of other platforms are published empty. Prints one line per check and
// exits 1 if any failed.
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, startChecks } from './checks.mjs'
import { installOnce } from './tools.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'release-'))
const copy = join(folder, 'repository')
/** Package managers that aren't installed with Node, from the registry. */
const managers = { '@yarnpkg/cli-dist': '4.18.1', bun: '1.4.5', deno: '2.9.6', yarn: '1.22.22' }

const git = (...args) =>
  run(copy, 'git', ['-c', 'user.name=release', '-c', 'user.email=release@localhost', ...args])

const { check, end } = startChecks('release')

const packages = () =>
  readdirSync(join(copy, 'packages')).map((name) => {
    const path = join(copy, 'packages', name)
    return { path, manifest: JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) }
  })
const published = () => packages().filter(({ manifest }) => !manifest.private)

/** The repository with what was built, which a release may change. */
function copyRepository() {
  const files = run(root, 'git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  for (const file of files.split('\0').filter(Boolean)) cpSync(join(root, file), join(copy, file))
  for (const name of readdirSync(join(root, 'packages'))) {
    const built = join('packages', name, 'dist')
    if (existsSync(join(root, built))) cpSync(join(root, built), join(copy, built), { recursive: true })
  }
}

/** Takes what is published to it; anything else it asks the usual registry for. */
async function startRegistry() {
  const port = await freePort()
  const upstream = run(root, 'npm', ['config', 'get', 'registry']).trim()
  const config = {
    storage: join(folder, 'storage'),
    uplinks: { upstream: { url: upstream, cache: false, timeout: '120s' } },
    packages: {
      '@ttt-e2e/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'upstream' },
    },
    max_body_size: '200mb',
    log: { type: 'stdout', format: 'pretty', level: 'error' },
  }
  // What YAML takes, too.
  writeFileSync(join(folder, 'registry.yaml'), JSON.stringify(config))
  const manifest = createRequire(import.meta.url).resolve('verdaccio/package.json')
  const verdaccio = join(dirname(manifest), 'bin/verdaccio')
  const options = [verdaccio, '--config', join(folder, 'registry.yaml'), '--listen', `localhost:${port}`]
  const server = spawn(process.execPath, options, { stdio: ['ignore', 'inherit', 'inherit'] })
  const address = `http://localhost:${port}/`
  const deadline = Date.now() + 60_000
  while (!(await fetch(`${address}-/ping`).catch(() => undefined))?.ok) {
    if (server.exitCode !== null || Date.now() > deadline) throw new Error('the registry does not start')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return { address, server }
}

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const program = `
import '@ttt-e2e/kernels/engines'
import { loadModel } from '@ttt-e2e/checkpoint'
import { modelFolder } from '@ttt-e2e/demo-model'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
const { line } = await resolveEngine('auto')
const model = await loadModel(modelFolder)
const memory = await model.read('Call me Ishmael. Some years ago, never mind how long precisely')
let text = ''
for await (const piece of model.generate(memory, { maxTokens: 16, temperature: 0 })) text += piece
console.log(JSON.stringify({ line, text }))
`

const types = `
import { loadModel } from '@ttt-e2e/checkpoint'
import { createSystem, type SystemName } from '@ttt-e2e/baselines'
import { linearOp } from '@ttt-e2e/kernels/ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { train } from '@ttt-e2e/meta-outer'
import { byteTokenizer } from '@ttt-e2e/data'
const name: SystemName = 'ttt-e2e'
const size: number = byteTokenizer.vocabularySize
export const all = [loadModel, createSystem, linearOp, Reader, train, name, size]
// @ts-expect-error a tokenizer's size is a number
export const wrong: string = byteTokenizer.vocabularySize
`

mkdirSync(copy)
copyRepository()
git('init', '--quiet')
git('add', '--all')
git('commit', '--quiet', '--message', 'all')
await check('install the repository as it is', () =>
  run(copy, 'pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts']),
)
await check('versions and changelogs from the changesets', () => {
  run(copy, 'npx', ['changeset', 'version'])
  for (const { path, manifest } of published()) {
    if (manifest.version === '0.0.0') throw new Error(`${manifest.name} is still at 0.0.0`)
    if (!readFileSync(join(path, 'CHANGELOG.md'), 'utf8').includes(`## ${manifest.version}`))
      throw new Error(`the changelog of ${manifest.name} says nothing of ${manifest.version}`)
  }
})
const here = `native-${process.platform}-${process.arch}`
for (const { path, manifest } of packages())
  if (manifest.name.startsWith('@ttt-e2e/native-') && !path.endsWith(here))
    writeFileSync(join(path, 'package.json'), JSON.stringify({ ...manifest, scripts: {} }))

const { address, server } = await startRegistry()
const registry = {
  npm_config_registry: address,
  NPM_CONFIG_REGISTRY: address,
  YARN_NPM_REGISTRY_SERVER: address,
  YARN_REGISTRY: address,
  YARN_UNSAFE_HTTP_WHITELIST: 'localhost',
  YARN_NODE_LINKER: 'node-modules',
  YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  YARN_ENABLE_TELEMETRY: '0',
  YARN_NPM_MINIMAL_AGE_GATE: '0',
  // Caches of their own: they know packages by version, whatever registry these came from.
  YARN_GLOBAL_FOLDER: join(folder, 'cache/yarn-4'),
  YARN_CACHE_FOLDER: join(folder, 'cache/yarn'),
  BUN_INSTALL_CACHE_DIR: join(folder, 'cache/bun'),
  DENO_DIR: join(folder, 'cache/deno'),
}
const credentials = `registry=${address}\n${address.replace('http:', '')}:_authToken=anyone\n`

await check('publish every package, the second time none', () => {
  writeFileSync(join(copy, '.npmrc'), credentials)
  git('add', '--all')
  git('commit', '--quiet', '--message', 'versions')
  const publish = () => run(copy, 'npx', ['changeset', 'publish', '--no-git-tag'], registry)
  publish()
  if (publish().includes('Publishing "')) throw new Error('it publishes twice')
})
for (const { manifest } of published())
  await check(`find ${manifest.name} ${manifest.version} there`, () => {
    const known = JSON.parse(run(folder, 'npm', ['view', manifest.name, '--json'], registry))
    if (known.version !== manifest.version) throw new Error(`it has ${known.version}`)
    if (JSON.stringify(known.dependencies ?? {}).includes('workspace:'))
      throw new Error('it depends on a workspace')
  })

const tools = join(
  installOnce('package-managers', Object.values(managers).join('-'), (target) =>
    run(folder, 'npm', [
      'install',
      '--prefix',
      target,
      '--no-audit',
      '--no-fund',
      ...Object.entries(managers).map(([name, version]) => `${name}@${version}`),
    ]),
  ),
  'node_modules',
)
const version = published().find(({ manifest }) => manifest.name === '@ttt-e2e/checkpoint').manifest.version
const wanted = [
  'baselines',
  'checkpoint',
  'cli',
  'data',
  'demo-model',
  'kernels',
  'meta-outer',
  'tensor-ops',
  'ttt-inner',
]
const node = [process.execPath, 'read.mjs']
/** What was published this minute will do. */
const young = '--minimum-dependency-age=0'
const installations = {
  npm: { install: ['npm', 'install', '--no-audit', '--no-fund'], read: node },
  pnpm: { install: ['pnpm', 'install', '--ignore-workspace'], read: node },
  'yarn 1': { install: [process.execPath, join(tools, 'yarn/bin/yarn.js'), 'install'], read: node },
  'yarn 4': {
    install: [process.execPath, join(tools, '@yarnpkg/cli-dist/bin/yarn.js'), 'install'],
    read: node,
  },
  bun: {
    install: [join(tools, 'bun/bin/bun.exe'), 'install'],
    read: [join(tools, 'bun/bin/bun.exe'), 'read.mjs'],
  },
  deno: {
    install: [process.execPath, join(tools, 'deno/bin.cjs'), 'install', young],
    read: [process.execPath, join(tools, 'deno/bin.cjs'), 'run', young, '--allow-all', 'read.mjs'],
  },
}
const texts = {}
for (const [name, { install, read }] of Object.entries(installations)) {
  const project = join(folder, name.replace(' ', '-'))
  await check(`install with ${name} and read a text`, () => {
    mkdirSync(project)
    const demo = published().find(({ manifest }) => manifest.name === '@ttt-e2e/demo-model').manifest.version
    const dependencies = Object.fromEntries(
      wanted.map((each) => [`@ttt-e2e/${each}`, each === 'demo-model' ? demo : version]),
    )
    const manifest = { name: 'empty', private: true, type: 'module', dependencies }
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(project, '.npmrc'), credentials)
    writeFileSync(join(project, 'yarn.lock'), '')
    if (name !== 'yarn 1' && name !== 'yarn 4') rmSync(join(project, 'yarn.lock'))
    writeFileSync(join(project, 'read.mjs'), program)
    run(project, install[0], install.slice(1), registry)
    const output = run(project, read[0], read.slice(1), registry).trim().split('\n').at(-1)
    const { line, text } = JSON.parse(output)
    console.log(`      ${line}`)
    texts[name] = text
  })
}
await check('the same text from each', () => {
  if (new Set(Object.values(texts)).size !== 1) throw new Error(JSON.stringify(texts))
})
await check('run the command', () => {
  const project = join(folder, 'npm')
  const ttt = (...parameters) => run(project, 'npx', ['ttt', ...parameters, '--memories', 'memories'])
  ttt('read', 'package.json', '--save', 'manifest')
  const [memory] = JSON.parse(ttt('ls', '--json'))
  if (memory?.name !== 'manifest' || !(memory.steps > 0)) throw new Error(JSON.stringify(memory))
})
await check('require, as documented', () =>
  run(join(folder, 'npm'), process.execPath, [
    '--input-type=commonjs',
    '-e',
    "if (typeof require('@ttt-e2e/checkpoint').loadModel !== 'function') throw new Error('no loadModel')",
  ]),
)
for (const [module, resolution] of [
  ['node16', 'node16'],
  ['esnext', 'bundler'],
])
  await check(`types under ${resolution}`, () => {
    writeFileSync(join(folder, 'npm/types.ts'), types)
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node']
    const where = ['--typeRoots', join(root, 'node_modules/@types')]
    const how = ['--module', module, '--moduleResolution', resolution, 'types.ts']
    run(join(folder, 'npm'), join(root, 'node_modules/.bin/tsc'), [...options, ...where, ...how])
  })

server.kill()
rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
end()

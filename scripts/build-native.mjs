// Builds the native engine's addon for each platform named, or for all that have a package, into packages/native-<platform>,
// with the same pinned compiler as the WebAssembly module. `node scripts/build-native.mjs [platform …]`
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tsImport } from 'tsx/esm/api'
import { installZig } from './zig.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const engines = (path) => tsImport(`../packages/kernels/src/engines/${path}.ts`, import.meta.url)
const { compile } = await engines('native/compile')
const { prebuiltName, prebuiltPlatforms } = await engines('native/prebuilt')
const { findSources } = await engines('compiled/sources')

/** The compiler's names. Systems as old as the C library named here, or macOS 11, will do. */
const systems = { linux: 'linux-gnu.2.28', darwin: 'macos.11.0', win32: 'windows-gnu' }
const processors = { x64: 'x86_64', arm64: 'aarch64' }

/** On Windows an addon names the program that its Node-API comes from. @returns the path of an import library */
function windowsImports(folder, arch) {
  const { def_paths } = createRequire(join(root, 'packages/kernels/package.json'))('node-api-headers')
  const library = join(folder, 'node.lib')
  const machine = { x64: 'i386:x86-64', arm64: 'arm64' }[arch]
  execFileSync(zig.command, ['dlltool', '-m', machine, '-d', def_paths.node_api_def, '-l', library])
  return library
}

async function build(name) {
  const [platform, arch] = name.split('-')
  const target = join(root, 'packages', `native-${name}`)
  const folder = mkdtempSync(join(target, 'build-'))
  try {
    const compiler = {
      command: zig.command,
      options: ['c++', '-target', `${processors[arch]}-${systems[platform]}`],
      version: `clang of zig ${zig.version}`,
      platform,
      arch,
    }
    const libraries = {
      linux: () => [],
      // Else the library bears the path that it was built in.
      darwin: () => ['-install_name', 'addon.node'],
      win32: () => [windowsImports(folder, arch)],
    }[platform]()
    const addon = await compile(sources, compiler, folder, ['-s', ...libraries])
    for (const old of readdirSync(target).filter((file) => file.endsWith('.node'))) rmSync(join(target, old))
    const path = join(target, prebuiltName(sources, { platform, arch }))
    renameSync(addon, path)
    console.log(`${path}: ${statSync(path).size} bytes`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !prebuiltPlatforms.includes(name))
if (unknown) throw new Error(`unknown platform '${unknown}'; known: ${prebuiltPlatforms.join(', ')}`)
const zig = installZig()
Object.assign(process.env, zig.environment)
const sources = findSources('native')
for (const name of names.length ? names : prebuiltPlatforms) await build(name)

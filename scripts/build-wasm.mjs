// Builds packages/kernels/src/engines/wasm/kernels.wasm from the kernels' C++ sources with a pinned compiler, clang as it
// comes with zig in the Python package ziglang. The same sources give the same bytes on every machine; with --check
// nothing is written, and the script fails where the module in the repository differs. Needs Python with pip.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tsImport } from 'tsx/esm/api'
import { cache } from './tools.mjs'
import { installZig } from './zig.mjs'

// The memory's limits are those in engines/wasm/host.ts; the compiler takes no more than 65535 pages. The stack pointer is
// exported so that it can be put back after a trap, and that a worker gets a stack of its own.
const flags = [
  '-target wasm32-wasi -mcpu=generic+simd128+atomics+bulk_memory -mexec-model=reactor -std=c++17 -O3 -Wall',
  '-fno-exceptions -fno-rtti -fno-math-errno -fno-trapping-math -DTTT_ISA=wasm -DTTT_LANES=4 -Wl,--strip-all',
  '-Wl,--import-memory -Wl,--shared-memory -Wl,--initial-memory=20971520 -Wl,--max-memory=4294901760',
  '-Wl,--export=__stack_pointer -Wl,--export=__wasm_init_tls',
].flatMap((line) => line.split(' '))

const source = fileURLToPath(new URL('../packages/kernels/src', import.meta.url))
const target = join(source, 'engines/wasm/kernels.wasm')
const engines = (path) => tsImport(`../packages/kernels/src/engines/${path}.ts`, import.meta.url)
const { findSources } = await engines('compiled/sources')
const { kernelTable } = await engines('compiled/kernel-table')

function build() {
  const { core, kernels, includeFolders } = findSources('wasm')
  const folder = mkdtempSync(join(cache, 'wasm-'))
  try {
    const output = join(folder, 'kernels.wasm')
    const table = join(folder, 'table.cc')
    writeFileSync(table, kernelTable(kernels))
    const files = [...core, ...kernels].map((path) => relative(source, path)).sort()
    const includes = includeFolders.flatMap((path) => ['-iquote', relative(source, path)])
    execFileSync(zig.command, ['c++', ...flags, ...includes, ...files, table, '-o', output], {
      cwd: source,
      env: zig.environment,
      stdio: 'inherit',
    })
    return readFileSync(output)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const zig = installZig()
const built = build()
if (!process.argv.includes('--check')) {
  writeFileSync(target, built)
  console.log(`${target}: ${built.length} bytes`)
} else if (existsSync(target) && built.equals(readFileSync(target))) {
  console.log(`the module is what its sources build: ${built.length} bytes`)
} else {
  console.error(
    'kernels.wasm differs from what its sources build; run `node scripts/build-wasm.mjs` and commit it',
  )
  process.exitCode = 1
}

import { execFile, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

/** Commands that run: they end with this process. */
const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach((child) => child.kill()))

/** Runs a command to its end. @throws as `execFile` where it fails */
export async function runCommand(
  command: string,
  parameters: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const ended = promisify(execFile)(command, parameters)
  running.add(ended.child)
  try {
    return await ended
  } finally {
    running.delete(ended.child)
  }
}

/** A compiler, and what it compiles for. */
export interface Compiler {
  command: string
  /** Comes before all other arguments. */
  options: string[]
  /** The first line of what it says about itself. */
  version: string
  platform: NodeJS.Platform
  arch: NodeJS.Architecture
}

/** The first C++ compiler that answers, or the names that were tried. */
export async function findCompiler(): Promise<Compiler | { tried: string[] }> {
  const tried = [...(process.env.CXX ? [process.env.CXX] : []), 'c++', 'g++', 'clang++']
  for (const command of tried) {
    try {
      const { stdout } = await runCommand(command, ['--version'])
      const version = stdout.split('\n')[0]
      return { command, options: [], version, platform: process.platform, arch: process.arch }
    } catch {
      continue
    }
  }
  return { tried }
}

// NaN and infinities must come through, so no -ffast-math; only what doesn't change results is relaxed.
export const baseFlags = [
  '-std=c++17',
  '-O3',
  '-Wall',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-ffp-contract=fast',
  '-DNAPI_VERSION=8',
]

/** The instruction sets that the kernels are compiled for, each into a namespace of its name. */
export function instructionSetFlags({
  arch,
  version,
}: Pick<Compiler, 'arch' | 'version'>): Record<string, string[]> {
  const portable = ['-DTTT_ISA=portable', '-DTTT_LANES=4']
  if (arch !== 'x64') return { portable }
  // gcc prefers vectors of half the width unless told; clang does so only for named processors.
  const wide = version.includes('clang') ? [] : ['-mprefer-vector-width=512']
  const avx512 = ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx2', '-mfma', ...wide]
  return {
    avx512: ['-DTTT_ISA=avx512', '-DTTT_LANES=16', ...avx512],
    avx2: ['-DTTT_ISA=avx2', '-DTTT_LANES=8', '-mavx2', '-mfma'],
    portable,
  }
}

/** What Node-API consists of is left to the process that loads the addon. */
export function linkFlags({ platform }: Pick<Compiler, 'platform'>): string[] {
  if (platform === 'darwin') return ['-dynamiclib', '-undefined', 'dynamic_lookup']
  return platform === 'win32' ? ['-shared'] : ['-shared', '-pthread']
}

/** The folder of node_api.h. */
export function nodeHeaders(): string {
  const { include_dir } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string }
  return include_dir
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export const runCommand = promisify(execFile)

export interface Compiler {
  command: string
  /** The first line of what it says about itself. */
  version: string
}

/** The first C++ compiler that answers, or the names that were tried. */
export async function findCompiler(): Promise<Compiler | { tried: string[] }> {
  const tried = [...(process.env.CXX ? [process.env.CXX] : []), 'c++', 'g++', 'clang++']
  for (const command of tried) {
    try {
      const { stdout } = await runCommand(command, ['--version'])
      return { command, version: stdout.split('\n')[0] }
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

/** The instruction sets that the kernels are compiled for on this platform, each into a namespace of its name. */
export function instructionSetFlags(compiler: Compiler): Record<string, string[]> {
  const portable = ['-DTTT_ISA=portable', '-DTTT_LANES=4']
  if (process.arch !== 'x64') return { portable }
  // gcc prefers vectors of half the width unless told; clang does so only for named processors.
  const wide = compiler.version.includes('clang') ? [] : ['-mprefer-vector-width=512']
  const avx512 = ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx2', '-mfma', ...wide]
  return {
    avx512: ['-DTTT_ISA=avx512', '-DTTT_LANES=16', ...avx512],
    avx2: ['-DTTT_ISA=avx2', '-DTTT_LANES=8', '-mavx2', '-mfma'],
    portable,
  }
}

export const linkFlags =
  process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-pthread']

import { writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { coreCount } from '@ttt-e2e/tensor-ops'
import { kernelTable } from '../compiled/kernel-table'
import type { Sources } from '../compiled/sources'
import {
  baseFlags,
  instructionSetFlags,
  linkFlags,
  nodeHeaders,
  runCommand,
  type Compiler,
} from './toolchain'

/**
 * Compiles the addon into the folder, on all cores.
 * @param libraries more for the linker @returns the addon's path
 */
export async function compile(
  sources: Sources,
  compiler: Compiler,
  folder: string,
  libraries: string[] = [],
): Promise<string> {
  const run = (...options: string[]) => runCommand(compiler.command, [...compiler.options, ...options])
  // Quoted includes only: to libc++, a math.h in an ordinary include folder would be the C library's.
  const quoted = sources.includeFolders.flatMap((path) => ['-iquote', path])
  const includes = ['-I', nodeHeaders(), ...quoted]
  const table = join(folder, 'table.cc')
  writeFileSync(table, kernelTable(sources.kernels))
  const jobs = sources.core.map((source) => ({ source, prefix: 'core', flags: [] as string[] }))
  for (const [prefix, flags] of Object.entries(instructionSetFlags(compiler)))
    for (const source of [...sources.kernels, table]) jobs.push({ source, prefix, flags })
  // The slowest source first, so that no core waits for it at the end.
  const isSlow = (source: string) => Number(source.endsWith('gemm.cc'))
  jobs.sort((a, b) => isSlow(b.source) - isSlow(a.source))
  const objects: string[] = []
  const waiting = jobs.map(({ source, prefix, flags }) => {
    const object = join(folder, `${prefix}-${basename(dirname(source))}-${basename(source)}.o`)
    objects.push(object)
    return () => run(...baseFlags, ...flags, ...includes, '-c', source, '-o', object)
  })
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await job()
  }
  await Promise.all(Array.from({ length: coreCount() }, worker))
  const addon = join(folder, 'addon.node')
  await run(...linkFlags(compiler), ...objects, ...libraries, '-o', addon)
  return addon
}

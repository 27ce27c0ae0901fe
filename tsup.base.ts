import type { Options } from 'tsup'

/** The build that every published package shares: ESM + CommonJS + types, dependencies left external. */
export function packageBuild(entry: Record<string, string>): Options {
  return {
    entry,
    format: ['esm', 'cjs'],
    target: 'node20',
    sourcemap: true,
    clean: true,
    shims: true,
    // The types must refer to the packages by name, not to their sources.
    dts: { compilerOptions: { customConditions: null } as never },
  }
}

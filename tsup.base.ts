import type { Options } from 'tsup'

/** The build that every published package shares: ES modules and types, dependencies left external. */
export function packageBuild(entry: Record<string, string>): Options {
  return {
    entry,
    format: ['esm'],
    target: 'node20',
    sourcemap: true,
    clean: true,
    // The types must refer to the other packages by name, not to their sources.
    dts: { compilerOptions: { customConditions: null } as never },
  }
}

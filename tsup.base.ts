import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
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

/**
 * The same with each source file as a file of its own, so that whoever imports one thing bundles what that needs and no
 * more: bundlers leave files aside, but not statements that might do something.
 *
 * @param entry the files that the package exports, named as their sources are
 */
export function moduleBuild(entry: Record<string, string>): Options {
  const shared = packageBuild(entry)
  return {
    ...shared,
    entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/testing/**'],
    dts: { ...(shared.dts as object), entry },
    splitting: false,
    esbuildPlugins: [separateModules],
  }
}

const separateModules: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'separate-modules',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
      if (kind === 'entry-point') return undefined
      const source = resolve(resolveDir, path)
      if (existsSync(`${source}.ts`)) return { path: `${path}.js`, external: true }
      return existsSync(`${source}/index.ts`) ? { path: `${path}/index.js`, external: true } : undefined
    })
  },
}

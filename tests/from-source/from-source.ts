import { build, type Plugin } from 'esbuild'
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))
/** In vitest's, all test files have one folder for what is temporary, made for this run. */
const bundles = join(process.env.VITEST ? tmpdir() : mkdtempSync(join(tmpdir(), 'run-')), 'from-source')

/**
 * Bundles a TypeScript file with what it imports of this repository, once in a run of the tests. Node runs the bundle as it
 * runs the sources with `--conditions=source --import tsx`, and starts it in a fifth of the time.
 *
 * @returns the bundle's path
 */
export async function fromSource(file: string): Promise<string> {
  const folder = join(bundles, relative(repository, file).replace(/\W+/g, '-'))
  const bundle = join(folder, `${basename(file, '.ts')}.mjs`)
  if (existsSync(bundle)) return bundle
  mkdirSync(bundles, { recursive: true })
  const begun = mkdtempSync(`${folder}-`)
  await build({
    entryPoints: [file],
    outdir: begun,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What a command imports when it needs it stays out of the others.
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    keepNames: true,
    // tfjs is CommonJS.
    banner: {
      js: "import { createRequire as requiring } from 'node:module'; const require = requiring(import.meta.url)",
    },
    logLevel: 'error',
    plugins: [whereItStands],
  })
  try {
    renameSync(begun, folder)
  } catch (error) {
    // Another test file may have been first.
    if (!existsSync(bundle)) throw error
  }
  return bundle
}

/** Sources look for files beside them, and packages from elsewhere are found from where they are imported. */
const whereItStands: Plugin = {
  name: 'where-it-stands',
  setup(build) {
    build.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => ({
      loader: 'default',
      contents: (await readFile(path, 'utf8'))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    }))
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (
        pluginData === whereItStands ||
        isBuiltin(path) ||
        path.startsWith('@ttt-e2e/') ||
        path.startsWith('@tensorflow/')
      )
        return undefined
      const { path: found, errors } = await build.resolve(path, {
        kind,
        resolveDir,
        pluginData: whereItStands,
      })
      if (errors.length > 0) return { path, external: true }
      return { path: kind === 'require-call' ? found : pathToFileURL(found).href, external: true }
    })
  },
}

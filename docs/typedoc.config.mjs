import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Converter, ReflectionKind } from 'typedoc'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What each published package exports: the source and the name that it is imported by. */
const entries = readdirSync(join(root, 'packages')).flatMap((folder) => {
  const { name, private: isPrivate, exports = {} } = manifestOf(folder)
  if (isPrivate) return []
  return Object.entries(exports).flatMap(([entry, { source }]) =>
    source ? [{ source: join('packages', folder, source), name: name + entry.slice(1) }] : [],
  )
})

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
}

/** Typedoc names a module by its file. */
function nameModules({ converter }) {
  converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const file = `packages/${reflection.name}`
    const found = entries.find(({ source }) => [`${file}.ts`, `${file}/index.ts`].includes(source))
    if (found) reflection.name = found.name
  })
}

/** The API reference: every entry point of every published package. */
export default {
  name: 'TTT-E2E in TypeScript',
  entryPoints: entries.map(({ source }) => join(root, source)),
  plugin: [nameModules],
  tsconfig: join(root, 'tsconfig.json'),
  readme: join(root, 'README.md'),
  out: join(root, 'docs/public/api'),
  favicon: join(root, 'docs/public/icon.svg'),
  // What tfjs exports has its own reference.
  excludeExternals: true,
  // A checkout need not be a clone.
  disableGit: true,
  disableSources: true,
  skipErrorChecking: true,
  validation: { notExported: false, invalidLink: true, invalidPath: false },
  treatValidationWarningsAsErrors: true,
}

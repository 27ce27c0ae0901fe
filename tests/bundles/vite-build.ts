import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

const conditions = ['source', 'browser', 'import', 'module', 'default']

/** What Vite makes of a script for a page, from the packages' sources and without any configuration that a user would need. */
export async function viteBuild(code: string): Promise<Rolldown.RolldownOutput> {
  const script = join(import.meta.dirname, 'example.js')
  const result = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    plugins: [
      {
        name: 'example',
        enforce: 'pre',
        resolveId: (id) => (id === script ? id : undefined),
        load: (id) => (id === script ? code : undefined),
      },
    ],
    build: { write: false, target: 'es2022', rolldownOptions: { input: script } },
  })
  return result as Rolldown.RolldownOutput
}

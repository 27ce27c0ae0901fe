import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const tsup = join(root, 'node_modules/.bin/tsup')

it('the sizes alone are a small bundle of the package as it is published too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'published-'))
  const source = join(root, 'packages/swa-transformer')
  cpSync(join(source, 'package.json'), join(folder, 'package.json'))
  execFileSync(tsup, ['--no-dts', '--out-dir', join(folder, 'dist')], { cwd: source })
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `import { publishedSizes } from ${JSON.stringify(join(folder, 'dist/index.js'))}; console.log(publishedSizes)`,
      resolveDir: folder,
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    external: ['@ttt-e2e/*'],
  })
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([])
  expect(outputFiles[0].contents.length).toBeLessThan(10_000)
  expect(outputFiles[0].text).toContain('760m')
})

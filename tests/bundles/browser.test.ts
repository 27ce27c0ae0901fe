import { build as esbuild, type Metafile } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { readmeExamples } from './readme-examples'
import { viteBuild } from './vite-build'

/** A bundle for a page, from the sources. */
const bundled = (contents: string) =>
  esbuild({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source'],
    logLevel: 'silent',
  })

const importsOf = ({ inputs, outputs }: Metafile): string[] => [
  ...Object.values(inputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  ...Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
]

describe.each(readmeExamples())("the README's example that $name", ({ code }) => {
  it('is bundled for pages by esbuild as it stands', async () => {
    const { metafile, outputFiles } = await bundled(code)
    expect(importsOf(metafile).filter((path) => path.startsWith('node:'))).toEqual([])
    expect(outputFiles[0].text).toContain('kernels.wasm')
  })

  it('is bundled for pages by Vite as it stands, with the files that it needs', async () => {
    const { output } = await viteBuild(code)
    const names = output.map(({ fileName }) => fileName.replace(/^.*\/|-[^.]*(?=\.)/g, ''))
    expect(names).toContain('kernels.wasm')
    if (code.includes('demo-model')) expect(names).toContain('model.safetensors')
    const scripts = output.flatMap((file) => (file.type === 'chunk' ? file.imports : []))
    expect(scripts.filter((path) => path.startsWith('node:'))).toEqual([])
  })
})

it.each([
  ["import { publishedSizes } from '@ttt-e2e/swa-transformer'; console.log(publishedSizes)", 10],
  ["import { byteTokenizer } from '@ttt-e2e/data'; console.log(byteTokenizer.encode('a'))", 10],
])('%s is a bundle of less than %i kB', async (code, kilobytes) => {
  const { outputFiles } = await bundled(code)
  expect(outputFiles[0].contents.length).toBeLessThan(1000 * kilobytes)
})

import { defaultClientConditions, defineConfig } from 'vite'

/** The server's own page, which it serves at `/`. */
export default defineConfig({
  root: new URL('src/page/', import.meta.url).pathname,
  base: './',
  // Packages of the repository as they are written: they needn't be built.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/page',
    assetsDir: 'page',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
  },
})

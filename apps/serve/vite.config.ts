import { defaultClientConditions, defineConfig } from 'vite'

const folder = new URL('src/site/', import.meta.url)
const pages = ['index.html', 'read/index.html', 'meta-train/index.html']

/** Of the pages, whose scripts are all their own, and which ask nobody but where they come from. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  'img-src data:',
  "connect-src 'self'",
  "worker-src 'self' blob:",
].join('; ')

/** The pages that compute in the visitor's browser, as a folder that any host can serve, under any path. */
export default defineConfig({
  root: folder.pathname,
  base: './',
  resolve: { conditions: ['source', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: {
    outDir: '../../dist/site',
    emptyOutDir: true,
    target: 'es2022',
    // Weights and kernels stay files, which are read as they are.
    assetsInlineLimit: 0,
    // TensorFlow.js is in the worker of each page.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: { input: pages.map((page) => new URL(page, folder).pathname) },
  },
  plugins: [
    {
      name: 'policy',
      transformIndexHtml: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
          injectTo: 'head-prepend' as const,
        },
      ],
    },
  ],
})

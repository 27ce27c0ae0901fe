import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = fileURLToPath(new URL('..', import.meta.url))
const root = dirname(docs)
const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  repository: { url: string }
}
const source = repository.url.replace(/^git\+/, '').replace(/\.git$/, '')

/** Where the site lies on its host. */
const base = process.env.DOCS_BASE ?? '/'

/** The decisions by their first lines: `# 8. An engine of our own on WebGPU`. */
const decisions = readdirSync(join(docs, 'decisions')).map((file) => ({
  text: readFileSync(join(docs, 'decisions', file), 'utf8')
    .split('\n', 1)[0]
    .replace(/^#+ /, ''),
  link: `/decisions/${file.replace(/\.md$/, '')}`,
}))

/**
 * A link as it is on the site: what lies in the repository beside the documents is at the repository's page, what isn't made
 * of documents below the site's base.
 *
 * @throws if there is nothing at its end
 */
function linkToSource(href: string, document: string): string {
  if (/^\/(api|pages)\//.test(href)) return base + href.slice(1)
  if (/^([a-z]+:|#|\/)/i.test(href)) return href
  const [path, anchor] = href.split('#')
  const target = join(docs, dirname(document), path)
  if (!existsSync(target)) throw new Error(`${document} links to ${href}, where there is nothing`)
  if (target.startsWith(docs) && target.endsWith('.md')) return href
  const address = relative(root, target).split(sep).join('/')
  return `${source}/tree/main/${address}${anchor ? `#${anchor}` : ''}`
}

export default defineConfig({
  title: 'TTT-E2E in TypeScript',
  description: 'A transformer whose last blocks keep learning while they read.',
  base,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  cleanUrls: false,
  lastUpdated: false,
  srcExclude: ['public/**'],
  markdown: {
    config(markdown) {
      markdown.core.ruler.push('links-to-source', ({ tokens, env }) => {
        const { relativePath } = env as { relativePath: string }
        for (const { children } of tokens)
          for (const token of children ?? []) {
            const href = token.type === 'link_open' ? token.attrGet('href') : null
            if (href !== null) token.attrSet('href', linkToSource(href, relativePath))
          }
      })
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: source }],
    nav: [
      { text: 'Guides', link: '/guides/researchers' },
      { text: 'Read', link: '/pages/read/index.html', target: '_self' },
      { text: 'Meta-train', link: '/pages/meta-train/index.html', target: '_self' },
      { text: 'Reference', link: '/api/index.html', target: '_self' },
    ],
    sidebar: [
      {
        text: 'Guides',
        items: [
          { text: 'Compare systems', link: '/guides/researchers' },
          { text: 'Use the packages', link: '/guides/engineers' },
          { text: 'Give it a book', link: '/guides/readers' },
          { text: 'From a terminal', link: '/guides/command-line' },
        ],
      },
      {
        text: 'What it is',
        items: [
          { text: 'Systems', link: '/systems' },
          { text: 'Memory', link: '/memory' },
          { text: 'Models', link: '/models' },
          { text: 'Warm start', link: '/warm-start' },
          { text: 'Engines', link: '/engines' },
          { text: 'The bench', link: '/bench' },
        ],
      },
      {
        text: 'The server',
        items: [
          { text: 'Running it', link: '/serve/running' },
          { text: 'API', link: '/serve/api' },
          { text: 'Memories', link: '/serve/memories' },
          { text: 'The page', link: '/serve/page' },
          { text: 'Security', link: '/serve/security' },
        ],
      },
      {
        text: 'How it is made',
        items: [
          { text: 'Reading order', link: '/reading-order' },
          { text: 'Adding a system', link: '/adding-a-system' },
          { text: 'Decisions', collapsed: true, items: decisions },
        ],
      },
    ],
  },
})

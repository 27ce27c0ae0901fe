import { serveStatic } from '@hono/node-server/serve-static'
import type { MiddlewareHandler } from 'hono'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiError } from '../http/api-error'
import type { Log } from '../operating/log'
import { logOf } from '../operating/log-requests'

const app = fileURLToPath(new URL('../..', import.meta.url))

/** How pages are built from their sources: paths from the app's folder. */
interface Recipe {
  /** Vite's configuration. */
  config: string
  /** Folders whose newest file says whether what is built is out of date. */
  sources: readonly string[]
}

/** A folder of pages for browsers, which are built from their sources when someone first asks for them. */
export class BuiltPages {
  private files: MiddlewareHandler | undefined
  private building: Promise<void> | undefined

  /**
   * @param folder where they are
   * @param script of package.json, which builds them: people are told of it where nothing else can
   * @param recipe how to build them; where it is left out, they are never built here
   */
  constructor(
    private readonly folder: string,
    private readonly script: string,
    private readonly recipe?: Recipe,
  ) {}

  /** Answers with the file that a path names; `/` and folders with their `index.html`. @throws ApiError 404 `page_not_built` */
  readonly file: MiddlewareHandler = async (c, next) => {
    await (this.building ??= this.build(logOf(c)))
    // Whoever builds them by hand meanwhile needn't start the server again.
    if (!existsSync(this.folder)) {
      this.building = undefined
      throw new ApiError(
        404,
        'page_not_built',
        `this page is not built yet: run pnpm --filter serve ${this.script}, and load it again`,
      )
    }
    return (this.files ??= serveStatic({ root: this.folder }))(c, next)
  }

  /** Builds what is not there or out of date, in a process of its own. What can't be built is told to the log. */
  private async build(log: Log): Promise<void> {
    const { folder, recipe } = this
    const vite = recipe && toolOf('vite')
    if (!vite || !isOutOfDate(folder, recipe.sources)) return
    const options = [
      '--config',
      resolve(app, recipe.config),
      '--outDir',
      folder,
      '--emptyOutDir',
      '--logLevel',
      'error',
    ]
    const child = spawn(process.execPath, [vite, 'build', ...options], {
      cwd: app,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const code = await new Promise((resolve) => child.on('error', resolve).on('close', resolve))
    if (code !== 0)
      log.error(`pages could not be built into ${folder}: ${said.split(/\n +at /)[0].trim() || String(code)}`)
  }
}

/** The program of a package that is installed beside this app; none where it isn't, as on a server without tools. */
function toolOf(name: string): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), `bin/${name}.js`)
  } catch {
    return undefined
  }
}

function isOutOfDate(folder: string, sources: readonly string[]): boolean {
  const built = newestIn(folder)
  return built === 0 || sources.some((source) => newestIn(resolve(app, source)) > built)
}

/** When the newest file of a folder was written; 0 where there is none. */
function newestIn(folder: string): number {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Math.max(0, ...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs))
}

/** The pages that compute in the browser, where `build-site` leaves them. */
export const sitePages = () =>
  new BuiltPages(join(app, 'dist/site'), 'build-site', { config: 'vite.config.ts', sources: ['src/site'] })

/** This server's own page, where `build-page` leaves it. */
export const ownPage = () =>
  new BuiltPages(join(app, 'dist/page'), 'build-page', {
    config: 'vite.page.config.ts',
    sources: ['src/page', 'src/site/shared'],
  })

import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { takesTools } from './chat/transcript'
import { answerError } from './http/answer-errors'
import { ApiError } from './http/api-error'
import { requireApiKey } from './http/api-key'
import { shown } from './http/characters'
import { refuseInvalid } from './http/refuse-invalid'
import { allowOrigins, requireReach, type Reach } from './http/hosts-and-origins'
import type { Limits } from './limits'
import type { Metrics } from './metrics'
import type { ServerStatus } from './routes/add-routes'
import { terminalLog, type Log } from './operating/log'
import { logRequests } from './operating/log-requests'
import type { Tracing } from './operating/tracing'
import { describeApi } from './openapi/document'
import type { ModelTerms } from './openapi/model-terms'
import { BuiltPages, ownPage, sitePages } from './routes/built-pages'
import { addChat } from './routes/chat'
import { addCompletions } from './routes/completions'
import { addHealth } from './routes/health'
import { addMemories } from './routes/memories'
import { addMemoryHistory } from './routes/memory-history'
import { addMemorySettings } from './routes/memory-settings'
import { addMemoryTexts } from './routes/memory-texts'
import { addMemoryTransfer } from './routes/memory-transfer'
import { addMetrics } from './routes/metrics'
import { addModels } from './routes/models'
import { addPage } from './routes/page'
import { addResponses } from './routes/responses'
import { addSite } from './routes/site'
import { addTokens } from './routes/tokens'
import type { Services } from './service'
import { Keys } from './tenants/keys'
import { Rates } from './tenants/rates'
import { serviceOf } from './tenants/service-of'

export interface AppOptions {
  limits: Limits
  metrics: Metrics
  /** One key for everything. */
  apiKey?: string
  /** The keys of tenants; in place of one for everything. */
  keys?: Keys
  reach: Reach
  /** What the operator hears of; the terminal where left out. */
  log?: Log
  tracing?: Tracing
  /** The folder of the pages that compute in the browser; built from their sources where left out. */
  site?: string
  /** The folder of the server's own page; built from its sources where left out. */
  page?: string
}

/** What changes while a server runs. */
export interface ServerState {
  status: ServerStatus
  /** There once the model is loaded. */
  services?: Services
}

/** What keeps requests out, whatever they ask for; counted by reason. */
const rejections = new Set<number>([401, 403, 408, 413, 429, 503])

/** Everything that is answered over HTTP. */
export function createApp(state: ServerState, options: AppOptions): OpenAPIHono {
  const {
    limits,
    metrics,
    apiKey,
    reach,
    keys = apiKey === undefined ? undefined : Keys.of(apiKey),
  } = options
  const site = options.site === undefined ? sitePages() : new BuiltPages(options.site, 'build-site')
  const page = options.page === undefined ? ownPage() : new BuiltPages(options.page, 'build-page')
  const rates = new Rates()
  const { log = terminalLog, tracing } = options
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })
  app.onError((error, c) => {
    if (error instanceof ApiError && rejections.has(error.status))
      metrics.rejected.inc({ reason: error.code })
    return answerError(error, c)
  })
  app.notFound((c) =>
    answerError(
      new ApiError(404, 'unknown_route', `there is no ${shown(c.req.method)} ${shown(c.req.path)}`),
      c,
    ),
  )
  app.use(logRequests(log))
  if (tracing) app.use(tracing.middleware)
  app.use(async (c, next) => {
    await next()
    // Clients that keep connections must not choose one that is about to be closed.
    if (state.status === 'ending') c.res.headers.set('Connection', 'close')
  })
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => answerWrongMethod(c, methodsOf(app, c.req.path) ?? methods),
    }),
  )
  app.use(requireReach(reach), allowOrigins(reach), requireApiKey(keys, rates))
  const service = (c: Context) => {
    if (state.services && state.status === 'ready') {
      const tenant = c.get('tenant')
      return tenant ? serviceOf(state.services, tenant, rates) : state.services.of()
    }
    const loading = state.status === 'loading'
    throw new ApiError(
      503,
      state.status,
      loading ? 'the model is being loaded' : 'the server is about to end',
      null,
      { retryAfter: 5 },
    )
  }
  const status = () => state.status
  const groups = [
    addHealth,
    addModels,
    addCompletions,
    addChat,
    addTokens,
    addResponses,
    addMemoryTransfer,
    addMemoryTexts,
    addMemoryHistory,
    addMemorySettings,
    addMemories,
    addMetrics,
    addPage,
    addSite,
  ]
  for (const add of groups) add(app, { service, status, limits, metrics, site, page })
  app.get('/openapi.json', (c) => {
    return c.json(describeApi(app, { hasKeys: keys !== undefined, model: termsOf(state.services) }))
  })
  return app
}

function termsOf(services: Services | undefined): ModelTerms | undefined {
  if (!services) return undefined
  const { id, model } = services.served
  const { tokenizer } = model
  return { name: id, vocabularySize: tokenizer.vocabularySize, takesTools: takesTools(tokenizer) }
}

/** Those of a path that is described as it is, whatever a parameter in its place would stand for. */
function methodsOf(app: OpenAPIHono, path: string): string[] | undefined {
  const methods = app.openAPIRegistry.definitions.flatMap((each) =>
    each.type === 'route' && each.route.path === path ? [each.route.method.toUpperCase()] : [],
  )
  if (methods.includes('GET')) methods.push('HEAD')
  return methods.length > 0 ? methods : undefined
}

const answerWrongMethod = (c: Context, methods: string[]) => {
  const allowed = methods.toSorted().join(', ')
  const message = `there is no ${shown(c.req.method)} ${shown(c.req.path)}; there is ${allowed}`
  return answerError(new ApiError(405, 'wrong_method', message, null, { headers: { Allow: allowed } }), c)
}

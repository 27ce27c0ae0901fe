import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { answerError } from './http/answer-errors'
import { ApiError } from './http/api-error'
import { requireApiKey } from './http/api-key'
import { shown } from './http/characters'
import { refuseInvalid } from './http/refuse-invalid'
import { allowOrigins, requireReach, type Reach } from './http/hosts-and-origins'
import type { Limits } from './limits'
import type { Metrics } from './metrics'
import type { ServerStatus } from './routes/add-routes'
import { addChat } from './routes/chat'
import { addCompletions } from './routes/completions'
import { addHealth } from './routes/health'
import { addMemories } from './routes/memories'
import { addMemoryTexts } from './routes/memory-texts'
import { addMemoryTransfer } from './routes/memory-transfer'
import { addMetrics } from './routes/metrics'
import { addModels } from './routes/models'
import { addPage } from './routes/page'
import { addResponses } from './routes/responses'
import { addSite, builtSite } from './routes/site'
import { addTokens } from './routes/tokens'
import type { Service } from './service'

export interface AppOptions {
  limits: Limits
  metrics: Metrics
  apiKey?: string
  reach: Reach
  /** The folder of the pages that compute in the browser; where `build-site` leaves them where left out. */
  site?: string
}

/** What changes while a server runs. */
export interface ServerState {
  status: ServerStatus
  /** There once the model is loaded. */
  service?: Service
}

/** What keeps requests out, whatever they ask for; counted by reason. */
const rejections = new Set<number>([401, 403, 408, 413, 429, 503])

/** Everything that is answered over HTTP. */
export function createApp(
  state: ServerState,
  { limits, metrics, apiKey, reach, site = builtSite }: AppOptions,
): OpenAPIHono {
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
  app.use(async (c, next) => {
    await next()
    // Clients that keep connections must not choose one that is about to be closed.
    if (state.status === 'ending') c.res.headers.set('Connection', 'close')
  })
  app.use(methodNotAllowed({ app, onMethodNotAllowed: answerWrongMethod }))
  app.use(requireReach(reach), allowOrigins(reach), requireApiKey(apiKey))
  const service = () => {
    if (state.service && state.status === 'ready') return state.service
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
    addMemories,
    addMetrics,
    addPage,
    addSite,
  ]
  for (const add of groups) add(app, { service, status, limits, metrics, site })
  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: 'TTT-E2E', version: '1' } })
  return app
}

const answerWrongMethod = (c: Context, methods: string[]) => {
  const allowed = methods.toSorted().join(', ')
  const message = `there is no ${shown(c.req.method)} ${shown(c.req.path)}; there is ${allowed}`
  return answerError(new ApiError(405, 'wrong_method', message, null, { headers: { Allow: allowed } }), c)
}

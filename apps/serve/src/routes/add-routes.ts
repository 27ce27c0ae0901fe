import type { Context } from 'hono'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Limits } from '../limits'
import type { Metrics } from '../metrics'
import type { Service } from '../service'
import type { BuiltPages } from './built-pages'

export interface RouteOptions {
  /** What is served to whom a request comes from. @throws ApiError 503 while the model is loaded and when the server ends */
  service: (c: Context) => Service
  status: () => ServerStatus
  limits: Limits
  metrics: Metrics
  /** The pages that compute in the browser. */
  site: BuiltPages
  /** This server's own page. */
  page: BuiltPages
}

export type ServerStatus = 'loading' | 'ready' | 'ending'

/** Adds one group of routes to the app. */
export type AddRoutes = (app: OpenAPIHono, options: RouteOptions) => void

import type { MiddlewareHandler } from 'hono'
import { passBy } from '../http/pass-by'
import type { RouteOptions } from './add-routes'

/**
 * For routes whose work takes a place at the model: refuses what would find none before anything of its body is looked at.
 * Where many are refused, that is most of what each of them costs.
 *
 * @throws ApiError 429 where the queue is full, 503 while the model is loaded and when the server ends
 */
export function refuseEarly({
  service,
  limits,
}: Pick<RouteOptions, 'service' | 'limits'>): MiddlewareHandler {
  return async (c, next) => {
    try {
      service(c).scheduler.check()
    } catch (error) {
      await passBy(c, limits.bodyBytes)
      throw error
    }
    await next()
  }
}

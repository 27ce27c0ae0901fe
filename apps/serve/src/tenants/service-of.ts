import type { Service, Services } from '../service'
import type { Rates } from './rates'
import type { Tenant } from './tenant'

/** What is served to a tenant: within limits of its own, its tokens counted. */
export function serviceOf(services: Services, tenant: Tenant, rates: Rates): Service {
  const { requestsPerMinute: _, tokensPerMinute: __, ...limits } = tenant.limits
  const service = services.of(tenant.name, { ...services.limits, ...limits })
  service.spend = (tokens) => rates.spend(tenant, tokens)
  return service
}

/** Whose memories they are where the server knows no tenants. */
export const defaultTenant = 'default'

/** What a tenant may have and do; what is left out is the server's. */
export interface TenantLimits {
  memories?: number
  memoryBytes?: number
  requestsPerMinute?: number
  tokensPerMinute?: number
}

/** Whose key a request bears. */
export interface Tenant {
  name: string
  limits: TenantLimits
  /** Whether it sees what is of all tenants together: /metrics. */
  operator: boolean
}

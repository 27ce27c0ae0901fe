import { counted } from '@ttt-e2e/tensor-ops/counted'
import { ApiError } from '../http/api-error'
import type { Tenant } from './tenant'

/** A minute's worth is there at first, and fills again as time goes by; what is taken may be more than is there. */
class Bucket {
  private left: number
  private at = performance.now()

  constructor(private readonly perMinute: number) {
    this.left = perMinute
  }

  /** Seconds until there are so many. */
  secondsTo(count: number): number {
    const now = performance.now()
    this.left = Math.min(this.perMinute, this.left + ((now - this.at) / 60_000) * this.perMinute)
    this.at = now
    return this.left >= count ? 0 : ((count - this.left) / this.perMinute) * 60
  }

  take(count: number): void {
    this.left -= count
  }
}

interface Rate {
  requests: Bucket
  tokens: Bucket
  of: Tenant['limits']
}

/** How often tenants may ask, and how many tokens may be processed for them. */
export class Rates {
  private readonly rates = new Map<string, Rate>()

  /** Counts a request. @throws ApiError 429 with the time after which it is let in */
  admit(tenant: Tenant): void {
    const { requests, tokens } = this.rateOf(tenant)
    // Tokens are known afterwards: whoever has had too many waits until they are made up for.
    const { requestsPerMinute = Infinity, tokensPerMinute = Infinity } = tenant.limits
    const [wait, what] = [
      [requests.secondsTo(1), counted(requestsPerMinute, 'request')] as const,
      [tokens.secondsTo(0), counted(tokensPerMinute, 'token')] as const,
    ].reduce((a, b) => (b[0] > a[0] ? b : a))
    if (wait > 0)
      throw new ApiError(429, 'rate_limited', `this key is good for ${what} per minute`, null, {
        retryAfter: Math.ceil(wait),
      })
    requests.take(1)
  }

  /** Counts tokens that were processed. */
  spend(tenant: Tenant, tokens: number): void {
    this.rateOf(tenant).tokens.take(tokens)
  }

  private rateOf({ name, limits }: Tenant): Rate {
    const known = this.rates.get(name)
    if (known && known.of === limits) return known
    const { requestsPerMinute = Infinity, tokensPerMinute = Infinity } = limits
    const rate = { requests: new Bucket(requestsPerMinute), tokens: new Bucket(tokensPerMinute), of: limits }
    this.rates.set(name, rate)
    return rate
  }
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { defaultTenant, type Tenant } from './tenant'

/** A key by its hash, and whose it is. */
export interface KeyEntry {
  sha256: Buffer
  tenant: Tenant
}

/** Whose keys there are. What is given is compared with all of them, in the same time whatever it is. */
export class Keys {
  constructor(private entries: readonly KeyEntry[]) {}

  /** One key for everything. */
  static of(key: string): Keys {
    const tenant = { name: defaultTenant, limits: {}, operator: true }
    return new Keys([{ sha256: hashOf(key), tenant }])
  }

  find(key: string): Tenant | undefined {
    const given = hashOf(key)
    let found: Tenant | undefined
    for (const { sha256, tenant } of this.entries) if (timingSafeEqual(given, sha256)) found = tenant
    return found
  }

  /** From now on these are the keys. */
  replace(entries: readonly KeyEntry[]): void {
    this.entries = entries
  }
}

/** A key that nobody guesses: 256 bits. */
export const newKey = (): string => `ttt-${randomBytes(32).toString('base64url')}`

/** A key's hash needs no salt: what has 256 bits can't be looked up. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

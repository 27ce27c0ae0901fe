/** Whose memories they are where the server knows no tenants. */
export const defaultTenant = 'default'

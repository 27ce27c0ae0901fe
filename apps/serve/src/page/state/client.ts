import { ApiClient } from '../api/api-client'
import { state } from './page-state'

/** The server that this page is of. */
export const client = new ApiClient(() => state.key.value)

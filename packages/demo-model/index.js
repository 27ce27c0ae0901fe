import { fileURLToPath } from 'node:url'

export const modelFolder = fileURLToPath(new URL('./model', import.meta.url))

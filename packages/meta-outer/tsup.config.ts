import { defineConfig } from 'tsup'
import { moduleBuild } from '../../tsup.base'

export default defineConfig(moduleBuild({ index: 'src/index.ts' }))

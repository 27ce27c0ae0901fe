import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base'

export default defineConfig(packageBuild({ ops: 'src/ops.ts', engines: 'src/engines/index.ts' }))

import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base'

export default defineConfig(
  packageBuild({ index: 'src/index.ts', begin: 'src/begin.ts', ttt: 'src/ttt/main.ts' }),
)

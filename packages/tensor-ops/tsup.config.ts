import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base'

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    'user-error': 'src/user-error.ts',
    counted: 'src/counted.ts',
    files: 'src/files/index.ts',
    'supported-node': 'src/supported-node.ts',
    testing: 'src/testing/index.ts',
    'op-check': 'src/testing/op-check.ts',
  }),
)

import { copyFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base'

export default defineConfig({
  ...packageBuild({
    ops: 'src/ops.ts',
    cases: 'src/cases.ts',
    engines: 'src/engines/index.ts',
    'engines-browser': 'src/engines/browser.ts',
    wasm: 'src/engines/wasm/index.ts',
    addons: 'src/engines/native/addons.ts',
    webgpu: 'src/engines/webgpu/index.ts',
  }),
  onSuccess: () => copyFile('src/engines/wasm/kernels.wasm', 'dist/kernels.wasm'),
})

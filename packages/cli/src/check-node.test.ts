import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it.each(['apps/trainer/src', 'apps/bench/src', 'apps/serve/src', 'packages/cli/src/ttt'])(
  '%s says in one sentence that Node.js 18 is too old',
  (folder) => {
    const older =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })"
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--conditions=source',
        '--import',
        'tsx',
        '--import',
        `data:text/javascript,${encodeURIComponent(older)}`,
        fileURLToPath(new URL(`../../../${folder}/main.ts`, import.meta.url)),
        '--help',
      ],
      { encoding: 'utf8' },
    )
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'this is Node.js 18.20.8; it must be 20.19 or newer (https://nodejs.org)\n',
    })
  },
)

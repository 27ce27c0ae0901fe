import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

describe('the addon that is compiled on first use', () => {
  it('is refused without a compiler, with the reason', () => {
    const script =
      "import('./index.ts').then(async () => console.log(await (await import('@ttt-e2e/tensor-ops')).resolveEngine('native').catch((e) => e.message)))"
    const environment = { ...process.env, CXX: 'no-such-compiler', PATH: '/nowhere', TTT_E2E_PREBUILT: '0' }
    const output = execFileSync(process.execPath, ['--conditions=source', '--import', 'tsx', '-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: environment,
      encoding: 'utf8',
    })
    expect(output).toContain(
      'no C++ compiler found (tried no-such-compiler, c++, g++, clang++); install g++ or clang',
    )
  })
})

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { killAtRandom } from './kill-at-random'

it('comes to the same numbers after kill −9', async () => {
  const sizes = ['--preset', 'tiny', '--task', 'languages', '--only', 'loss-by-index,training']
  const random = createRandom(Date.now())
  const report = await killAtRandom({
    folder: mkdtempSync(join(tmpdir(), 'bench-kills-')),
    parameters: [...sizes, '--engine', 'wasm', '--systems', 'ttt-e2e,swa', '--workers', '1'],
    kills: 2,
    random: () => random.uniform(),
  })
  expect(report).toMatchObject({ kills: 2, different: 0 })
  expect(report.ended).toBeGreaterThan(0)
}, 120_000)

import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { pause } from './pause'

it('lets timers have their turn, however often it is called', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const end = performance.now() + 100
  while (performance.now() < end) await pause()
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

it('lets everyone who waits go on, in order', async () => {
  const order: number[] = []
  await Promise.all([1, 2, 3].map((n) => pause().then(() => order.push(n))))
  expect(order).toEqual([1, 2, 3])
})

it('holds the process until it is over, no longer', () => {
  const script = `import { pause } from ${JSON.stringify(new URL('./pause.ts', import.meta.url).href)}
    await pause(); await pause(); console.log('over')`
  const parameters = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout, status } = spawnSync(process.execPath, parameters, { encoding: 'utf8', timeout: 30_000 })
  expect([stdout, status]).toEqual(['over\n', 0])
})

import { expect, it, vi } from 'vitest'
import { stream } from './index'

it('streams a text into a server and tells its speed and size', async () => {
  let printed = ''
  const write = vi.spyOn(process.stdout, 'write')
  write.mockImplementation((text) => Boolean((printed += String(text))))
  try {
    await stream(undefined, { engine: 'auto', bytes: 20_000 })
  } finally {
    write.mockRestore()
  }
  expect(printed).toMatch(/engine.*\nmodel: tiny\/books/s)
  const rows = printed.split('\n').filter((line) => /^\d[\d.]*K +\d+ +\d[\d.]* MiB +\d[\d.]* MiB/.test(line))
  expect(rows).toHaveLength(10)
  expect(rows[9]).toMatch(/^20.0K/)
  expect(printed).toMatch(/after the first tenth of the text between \d+ MiB and \d+ MiB\)/)
}, 60_000)

it('says why a server does not start', async () => {
  const started = stream('/nowhere', { engine: 'cpu', bytes: 1000 })
  await expect(started).rejects.toThrow(/^'\/nowhere' can't be used: there is no such folder$/)
})

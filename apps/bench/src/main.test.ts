import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

function bench(...parameters: string[]): Promise<{ code: number; stderr: string }> {
  const script = [join(import.meta.dirname, 'main.ts'), ...parameters]
  const options = { cwd: join(import.meta.dirname, '..'), env: { ...process.env, INIT_CWD: folder } }
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', ...script],
      options,
      (error, _, stderr) => resolve({ code: error ? Number(error.code) : 0, stderr }),
    ),
  )
}

it('answers bad input with one sentence and exit code 2', async () => {
  writeFileSync(join(folder, 'short.txt'), 'hello')
  const cases: [parameters: string[], sentence: RegExp][] = [
    [['--systems', 'swa,lstm'], /^unknown system 'lstm'; known: ttt-e2e, .*\n$/],
    [
      ['read-speed', '--positions', '--size', 'XS', '--systems', 'swa,hybrid-5-1'],
      /^hybrid-5-1 can't be measured at --size XS: .*\n$/,
    ],
    [['systems', '--size', 'huge'], /^unknown size 'huge'; known: languages, books, .*\n$/],
    [['--engine', 'abacus'], /^unknown engine 'abacus'; known: auto, native, .*\n$/],
    [
      ['--data', 'short.txt', '--engine', 'cpu'],
      /^the longest document of '.*short.txt' has 5 bytes; one of .*\n$/,
    ],
  ]
  const answers = await Promise.all(cases.map(([parameters]) => bench(...parameters)))
  answers.forEach(({ code, stderr }, i) => {
    expect(stderr).toMatch(cases[i][1])
    expect(code).toBe(2)
  })
})

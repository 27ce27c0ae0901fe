import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ended, startTrainer } from './testing'

const folder = mkdtempSync(join(tmpdir(), 'trainer-cli-'))

it('answers bad input with one sentence and exit code 2', async () => {
  writeFileSync(join(folder, 'short.txt'), 'hello')
  const cases: [parameters: string[], sentence: RegExp][] = [
    [[], /^give --recipe NAME to train one, or --resume FOLDER to go on; .*\n$/],
    [
      ['--recipe', 'tiny/books', '--data', 'short.txt', '--engine', 'cpu'],
      /^'short.txt' has no document of .*\n$/,
    ],
    [['--resume', 'nowhere', '--engine', 'cpu'], /^'.*nowhere' can't be used: there is no such folder\n$/],
  ]
  const answers = await Promise.all(cases.map(([parameters]) => ended(startTrainer(folder, ...parameters))))
  answers.forEach(({ code, stderr }, i) => {
    expect(stderr).toMatch(cases[i][1])
    expect(code).toBe(2)
  })
})

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { nodeProblem } from './supported-node'

it('refuses a Node.js that is too old, in one sentence', () => {
  for (const version of ['18.20.8', '20.18.3', '16.0.0', '20.9.0'])
    expect(nodeProblem(version)).toBe(
      `this is Node.js ${version}; it must be 20.19 or newer (https://nodejs.org)`,
    )
  for (const version of ['20.19.0', '20.20.1', '22.0.0', '24.1.0-nightly'])
    expect(nodeProblem(version)).toBeUndefined()
  expect(nodeProblem(undefined)).toBeUndefined()
})

it('says what package.json says', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    engines: { node: string }
  }
  expect(nodeProblem('1.0.0')).toContain(`${engines.node.replace('>=', '')} or newer`)
})

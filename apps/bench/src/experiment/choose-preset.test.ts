import { expect, it } from 'vitest'
import { choosePreset } from './choose-preset'

it.each([
  ['native', undefined, 'default'],
  ['wasm', undefined, 'default'],
  ['wasm', 'quick', 'quick'],
  ['cpu', 'default', 'default'],
  ['cpu', 'tiny', 'tiny'],
] as const)('on %s, asked for %s, is %s, without a word', (engine, asked, presetName) => {
  expect(choosePreset(engine, asked)).toEqual({ presetName })
})

it.each([undefined, 'quick'] as const)('cuts down what should end soon in plain JavaScript: %s', (asked) => {
  expect(choosePreset('cpu', asked)).toEqual({
    presetName: 'tiny',
    line: expect.stringMatching(/^in plain JavaScript the preset is 'tiny' .*\(--preset default insists\)$/),
  })
})

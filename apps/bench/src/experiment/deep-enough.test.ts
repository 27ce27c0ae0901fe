import { expect, it } from 'vitest'
import { deepEnough } from './deep-enough'
import { defaultSystems, presets } from './presets'

it('leaves a preset alone whose layers are enough', () => {
  expect(deepEnough('quick', presets.quick, defaultSystems)).toEqual({
    presetName: 'quick',
    preset: presets.quick,
  })
})

it('gives every system as many layers as the longest pattern takes', () => {
  const { presetName, preset, line } = deepEnough('quick', presets.quick, ['ttt-e2e', 'hybrid-5-1'])
  expect(presetName).toBe('quick-6-layers')
  expect([preset.languages.recipe.size.layers, preset.books.recipe.size.layers]).toEqual([6, 6])
  expect(line).toBe('6 layers instead of 4: the pattern of hybrid-5-1 is as long')
})

import { expect, it } from 'vitest'
import { presets } from './presets'
import { presetOfName } from './choose-preset'
import { withSettings } from './with-settings'

const settings = ['size.vocabularySize=64', 'size.window=16', 'data.successors=3']

it("changes the task's recipe, and the preset's name", () => {
  const { presetName, preset } = withSettings('quick', presets.quick, { settings, task: 'languages' })
  expect(preset.languages.recipe.size).toMatchObject({ vocabularySize: 64, window: 16, chunk: 8 })
  expect(preset.languages.recipe.data).toMatchObject({ successors: 3 })
  expect(preset.books).toBe(presets.quick.books)
  expect(presetName).toBe('quick-vocabularySize=64-window=16-successors=3')
  expect(presetOfName(presetName)).toBe('quick')
})

it('refuses what a recipe does not have', () => {
  expect(() => withSettings('quick', presets.quick, { settings })).toThrow(
    "the recipe has no 'data.successors'",
  )
  expect(() => withSettings('quick', presets.quick, { settings: ['size.widow=16'], task: 'books' })).toThrow(
    "the recipe has no 'size.widow'; did you mean 'size.window'?",
  )
})

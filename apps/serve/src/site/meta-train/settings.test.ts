import { expect, it } from 'vitest'
import { settingsOf, sliders } from './settings'

it('takes what the address asks for, at the nearest stop of the slider', () => {
  expect(settingsOf('?symbols=9&length=1000&width=1&window=')).toMatchObject({
    symbols: 10,
    length: 512,
    width: 16,
    window: sliders.window.value,
    layers: sliders.layers.value,
  })
})

it('passes over what is no number', () => {
  expect(settingsOf('?batch=many').batch).toBe(sliders.batch.value)
})

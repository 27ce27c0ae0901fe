/** What a visitor may choose, by the names that the page's address has, too. */
export const sliders = {
  symbols: { label: 'Symbols of a language', min: 4, max: 32, step: 2, value: 16 },
  length: { label: 'Tokens of a document', min: 32, max: 512, step: 32, value: 256 },
  batch: { label: 'Documents a step', min: 1, max: 16, step: 1, value: 8 },
  width: { label: 'Width of the model', min: 16, max: 128, step: 16, value: 48 },
  layers: { label: 'Layers', min: 2, max: 6, step: 1, value: 2 },
  window: { label: 'Tokens in a window', min: 2, max: 32, step: 2, value: 8 },
  chunk: { label: 'Tokens of a chunk', min: 4, max: 32, step: 4, value: 8 },
  steps: { label: 'Training steps', min: 50, max: 1000, step: 50, value: 300 },
} as const satisfies Record<string, Slider>

export interface Slider {
  label: string
  min: number
  max: number
  step: number
  value: number
}

export type SettingName = keyof typeof sliders
export type Settings = Record<SettingName, number>

export const settingNames = Object.keys(sliders) as SettingName[]

/** What a page's address asks for, within what the sliders allow; their own values elsewhere. */
export function settingsOf(search: string): Settings {
  const asked = new URLSearchParams(search)
  const entries = settingNames.map((name) => {
    const { min, max, step, value } = sliders[name]
    const given = asked.get(name)
    const number = given === null || given === '' ? NaN : Number(given)
    if (Number.isNaN(number)) return [name, value]
    const inRange = Math.min(max, Math.max(min, number))
    return [name, min + step * Math.round((inRange - min) / step)]
  })
  return Object.fromEntries(entries) as Settings
}

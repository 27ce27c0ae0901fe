import { element, on } from '../shared/element'
import { settingNames, sliders, type SettingName, type Settings } from './settings'

/** The sliders, each with its label and its value beside it. */
export class SlidersView {
  private readonly inputs = {} as Record<SettingName, HTMLInputElement>

  /** @param onChange told when one was let go at another value */
  constructor(given: Settings, onChange: () => void) {
    const all = settingNames.map((name) => {
      const { label: text, min, max, step } = sliders[name]
      const [label, value, input] = [
        document.createElement('label'),
        // Not an output: the label would be its, not the slider's.
        document.createElement('span'),
        document.createElement('input'),
      ]
      Object.assign(input, { type: 'range', id: name, min, max, step, value: String(given[name]) })
      value.textContent = input.value
      on(input, 'input', () => (value.textContent = input.value))
      on(input, 'change', onChange)
      label.append(`${text} `, value, input)
      this.inputs[name] = input
      return label
    })
    element('sliders', HTMLElement).replaceChildren(...all)
  }

  settings(): Settings {
    return Object.fromEntries(settingNames.map((name) => [name, this.inputs[name].valueAsNumber])) as Settings
  }
}

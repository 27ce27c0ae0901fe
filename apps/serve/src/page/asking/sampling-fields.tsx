import type { VNode } from 'preact'
import { Switch } from '../parts/switch'
import { state } from '../state/page-state'

/** How answers are drawn. @param props.learns whether to ask if it learns from them */
export function SamplingFields({ learns = false }: { learns?: boolean }): VNode {
  const { temperature, maxTokens, learn } = state.sampling.value
  const set = (changed: Partial<typeof state.sampling.value>) => {
    state.sampling.value = { ...state.sampling.value, ...changed }
  }
  return (
    <details>
      <summary>How it answers</summary>
      <div class="settings">
        <Slider
          name="Boldness"
          shown={temperature.toFixed(1)}
          range={{ min: 0, max: 1.5, step: 0.1, value: temperature }}
          onSet={(temperature) => set({ temperature })}
        />
        <Slider
          name="Tokens at the most"
          shown={String(maxTokens)}
          range={{ min: 50, max: 1000, step: 50, value: maxTokens }}
          onSet={(maxTokens) => set({ maxTokens })}
        />
        {learns && (
          <Switch name="Learn from what it writes, too" on={learn} onFlip={() => set({ learn: !learn })} />
        )}
      </div>
    </details>
  )
}

interface SliderProps {
  name: string
  /** The value as people read it. */
  shown: string
  range: Record<'min' | 'max' | 'step' | 'value', number>
  onSet: (value: number) => void
}

function Slider({ name, shown, range, onSet }: SliderProps): VNode {
  return (
    <label>
      <span>
        {name} <span class="quiet">{shown}</span>
      </span>
      <input type="range" {...range} onInput={({ currentTarget }) => onSet(Number(currentTarget.value))} />
    </label>
  )
}

import type { VNode } from 'preact'
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
        <label>
          <span>
            Boldness <span class="quiet">{temperature.toFixed(1)}</span>
          </span>
          <input
            type="range"
            min={0}
            max={1.5}
            step={0.1}
            value={temperature}
            onInput={({ currentTarget }) => set({ temperature: Number(currentTarget.value) })}
          />
        </label>
        <label>
          <span>
            Tokens at the most <span class="quiet">{maxTokens}</span>
          </span>
          <input
            type="range"
            min={50}
            max={1000}
            step={50}
            value={maxTokens}
            onInput={({ currentTarget }) => set({ maxTokens: Number(currentTarget.value) })}
          />
        </label>
        {learns && (
          <label class="switch">
            <input type="checkbox" role="switch" checked={learn} onChange={() => set({ learn: !learn })} />
            <span>Learn from what it writes, too</span>
          </label>
        )}
      </div>
    </details>
  )
}

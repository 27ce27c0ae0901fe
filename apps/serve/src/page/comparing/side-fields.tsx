import type { VNode } from 'preact'
import { comparison, setSide } from '../state/compare'
import { memoryOf, nameOf, state } from '../state/page-state'

/** Chooses one of the two that are compared. */
export function SideFields({ index, title }: { index: 0 | 1; title: string }): VNode {
  const { id, learn } = comparison.sides.value[index]
  return (
    <div class="side">
      <label>
        <span>{title}</span>
        <select
          value={memoryOf(id)?.id ?? ''}
          onChange={({ currentTarget }) => setSide(index, { id: currentTarget.value })}
        >
          <option value="">the model, which has read nothing</option>
          {state.memories.value.map((memory) => (
            <option key={memory.id} value={memory.id}>
              {nameOf(memory)}
            </option>
          ))}
        </select>
      </label>
      {comparison.how.value === 'answers' && (
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={learn}
            onChange={() => setSide(index, { learn: !learn })}
          />
          <span>Learn from what it writes, too</span>
        </label>
      )}
    </div>
  )
}

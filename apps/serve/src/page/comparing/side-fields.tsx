import type { VNode } from 'preact'
import { Switch } from '../parts/switch'
import { comparison, setSide } from '../state/compare'
import { learns, memoryOf, nameOf, state } from '../state/page-state'

/** Chooses one of the two that are compared. */
export function SideFields({ index, title }: { index: 0 | 1; title: string }): VNode {
  const { id, learnText, learn } = comparison.sides.value[index]
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
      {learns() && (
        <Switch
          name="Learn from the text"
          on={learnText}
          onFlip={() => setSide(index, { learnText: !learnText })}
        />
      )}
      {comparison.how.value === 'answers' && (
        <Switch
          name="Learn from what it writes, too"
          on={learn}
          onFlip={() => setSide(index, { learn: !learn })}
        />
      )}
    </div>
  )
}

import type { VNode } from 'preact'

interface SwitchProps {
  name: string
  on: boolean
  onFlip: () => void
}

/** Something that is so or not. */
export const Switch = ({ name, on, onFlip }: SwitchProps): VNode => (
  <label class="switch">
    <input type="checkbox" role="switch" checked={on} onChange={onFlip} />
    <span>{name}</span>
  </label>
)

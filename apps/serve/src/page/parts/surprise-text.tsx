import type { VNode } from 'preact'
import type { Surprise } from '../state/surprise'

interface SurpriseTextProps {
  parts: readonly Surprise[]
  /** How strongly a part is marked, from 0 to 4. */
  level: (part: Surprise) => number
  label: string
}

/** A text whose parts are marked the stronger, the more they surprised. Each says how much when pointed at. */
export function SurpriseText({ parts, level, label }: SurpriseTextProps): VNode {
  return (
    <div class="surprise-text" role="region" aria-label={label} tabIndex={0}>
      {parts.map((part, i) => {
        const strength = level(part)
        const title = part.nats === null ? 'nothing predicted this' : `${part.nats.toFixed(2)} nats per token`
        return strength === 0 ? (
          <span key={i} title={title}>
            {part.text}
          </span>
        ) : (
          <mark key={i} class={`level-${strength}`} title={title}>
            {part.text}
          </mark>
        )
      })}
    </div>
  )
}

/** What the marks mean. */
export function SurpriseScale(): VNode {
  return (
    <p class="scale quiet">
      <span>as expected</span>
      {[1, 2, 3, 4].map((level) => (
        <mark key={level} class={`level-${level}`} aria-hidden="true">
          {'\u2003'}
        </mark>
      ))}
      <span>surprising</span>
    </p>
  )
}

import type { VNode } from 'preact'
import { SurpriseScale, SurpriseText } from '../parts/surprise-text'
import { comparison, type Side } from '../state/compare'
import { memoryOf, nameOf } from '../state/page-state'
import { levelsOf, meanNats } from '../state/surprise'

/** What came of a comparison, side by side. */
export function Outcomes(): VNode | null {
  const outcomes = comparison.outcomes.value
  if (!outcomes) return null
  const sides = comparison.sides.value
  const level = levelsOf(outcomes.flatMap(({ surprises }) => surprises))
  const isScored = comparison.how.value === 'surprises'
  return (
    <section aria-label="What came of it" aria-busy={comparison.stop.value !== undefined}>
      {isScored && <Judgement />}
      {isScored && <SurpriseScale />}
      <div class="sides">
        {outcomes.map(({ answer, surprises }, i) => (
          <section
            key={i}
            class="side outcome"
            aria-label={`${titleOf(sides[i])}, ${i === 0 ? 'left' : 'right'}`}
          >
            <h2>{titleOf(sides[i])}</h2>
            {isScored ? (
              <SurpriseText
                parts={surprises}
                level={level}
                label={`The text as it surprises ${titleOf(sides[i])}`}
              />
            ) : (
              <p class="answer">
                <span class="quiet">{comparison.text.value}</span>
                {answer}
              </p>
            )}
          </section>
        ))}
      </div>
      {comparison.distance.value !== undefined && (
        <p class="quiet">Their weights are {comparison.distance.value.toPrecision(2)} apart.</p>
      )}
    </section>
  )
}

/** Which of the two expected the text more. */
function Judgement(): VNode | null {
  const [left, right] = comparison.outcomes.value!.map(({ surprises }) => meanNats(surprises))
  if (Number.isNaN(left) || Number.isNaN(right)) return null
  const [first, second] = comparison.sides.value.map(titleOf)
  const difference = Math.abs(left - right)
  return (
    <p role="status">
      {left.toFixed(2)} nats per token for “{first}”, {right.toFixed(2)} for “{second}”:{' '}
      {difference < 0.005
        ? 'it surprises both alike.'
        : `it surprises “${left < right ? first : second}” less, by ${difference.toFixed(2)}.`}
    </p>
  )
}

function titleOf({ id, learnText, learn }: Side): string {
  const memory = memoryOf(id)
  const name = memory ? nameOf(memory) : 'The model, which has read nothing'
  const how = [
    ...(learnText ? [] : ['not learning from the text']),
    ...(learn && comparison.how.value === 'answers' ? ['learning from what it writes'] : []),
  ]
  return [name, ...how].join(', ')
}

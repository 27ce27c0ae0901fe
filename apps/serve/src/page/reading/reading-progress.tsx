import type { VNode } from 'preact'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { LossCurve } from '../parts/loss-curve'
import { nameOf, type Reading } from '../state/page-state'

/** How far a text is read, and how well it is predicted on the way. */
export function ReadingProgress({ reading }: { reading: Reading }): VNode {
  const { name, into, done, tokens, steps, stretches, stop } = reading
  return (
    <section aria-labelledby="reading-title" class="reading">
      <h2 id="reading-title">
        Reading {name}
        {into && ` into “${nameOf(into)}”`}
      </h2>
      <progress value={done} max={1} aria-label={`How much of ${name} is read`} />
      <p class="quiet">
        {Math.floor(100 * done)} %, {counted(tokens, 'token', { as: tokens.toLocaleString('en') })},{' '}
        {counted(steps, 'step', { as: steps.toLocaleString('en') })}
        of learning
        {timeLeft(reading)}
      </p>
      <p>
        The curve is how badly it predicts what comes next. Where it falls, the model has learned from what it
        read.
      </p>
      <LossCurve stretches={stretches} />
      <div class="buttons">
        <button type="button" onClick={stop}>
          Stop
        </button>
      </div>
      <p class="quiet">A text is read whole or not at all: where it is stopped, nothing of it is kept.</p>
    </section>
  )
}

/** Seconds of reading before it says how long the rest will take. */
const patience = 2

function timeLeft({ done, started }: Reading): string {
  const seconds = (performance.now() - started) / 1000
  if (seconds < patience || done === 0) return ''
  const left = (seconds / done) * (1 - done)
  return left < 60
    ? `, about ${counted(Math.ceil(left), 'second')} left`
    : `, about ${counted(Math.ceil(left / 60), 'minute')} left`
}

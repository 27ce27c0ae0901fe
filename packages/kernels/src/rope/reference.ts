import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { frequencyOf, type RopeRamp } from './scaling'

export function ropeReference(
  { x, position }: Tensors,
  { theta, period, ...ramp }: RopeRamp & { theta: number; period: number },
): Tensors {
  const [batch, length, heads, width] = x.shape
  if (batch * length === 0) return { y: tf.clone(x) }
  const pairs = width / 2
  const first = tf.reshape(position, [batch, 1])
  const places = tf.add(first, tf.range(0, length, 1, 'int32'))
  const turns = turnsOf(
    period === 0 ? places : tf.mod(places, tf.scalar(period, 'int32')),
    theta,
    width,
    ramp,
  )
  const [cos, sin] = turns.map((turn) => tf.reshape(turn, [batch, length, 1, pairs, 1]))
  const [a, b] = tf.split(tf.reshape(x, [batch, length, heads, pairs, 2]), 2, 4)
  const turned = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(a, sin), tf.mul(b, cos))]
  return { y: tf.reshape(tf.concat(turned, 4), x.shape) }
}

/** Three digits of this base tell all places of int32 apart. */
export const base = 1300

/**
 * Cosines and sines of the angles of places int32 [B, T], each [B, T, pairs]. The values of places stay unread: a place's
 * turn is the product of its digits' turns, whose angles stand in tables made in float64. The digits of places below 1300
 * beyond the first turn by nothing.
 */
function turnsOf(places: Tensor, theta: number, width: number, ramp: RopeRamp): Tensor[] {
  const scalar = (value: number) => tf.scalar(value, 'int32')
  let rest = places
  let turns: Tensor[] = []
  for (const unit of [1, base, base * base]) {
    const digits = tf.mod(rest, scalar(base))
    rest = tf.floorDiv(rest, scalar(base))
    const [cos, sin] = tablesOf(theta, width, unit, ramp).map((table) => tf.gather(table, digits as never))
    const [c, s] = turns
    turns =
      unit === 1
        ? [cos, sin]
        : [tf.sub(tf.mul(c, cos), tf.mul(s, sin)), tf.add(tf.mul(s, cos), tf.mul(c, sin))]
  }
  return turns
}

const tables = new Map<string, [cos: Float64Array, sin: Float64Array]>()

function tablesOf(theta: number, width: number, unit: number, ramp: RopeRamp): Tensor[] {
  return turnTables(theta, width, unit, ramp).map((values) =>
    tf.tensor(Float32Array.from(values), [base, width / 2]),
  )
}

/** cos and sin [base, pairs] of the angles of places 0, unit, 2 unit, …; those of the last digit have the magnitude. */
export function turnTables(
  theta: number,
  width: number,
  unit: number,
  ramp: RopeRamp,
): readonly [cos: Float64Array, sin: Float64Array] {
  const { factor, byPair, low, high } = ramp
  const magnitude = unit === 1 ? ramp.magnitude : 1
  const key = [theta, width, unit, factor, byPair, low, high, magnitude].join(' ')
  const pairs = width / 2
  let known = tables.get(key)
  if (!known) {
    const angles = Float64Array.from(
      { length: base * pairs },
      (_, i) => Math.floor(i / pairs) * unit * frequencyOf(theta, width, i % pairs, ramp),
    )
    known = [
      angles.map((angle) => magnitude * Math.cos(angle)),
      angles.map((angle) => magnitude * Math.sin(angle)),
    ]
    if (tables.size >= mostTables) tables.clear()
    tables.set(key, known)
  }
  return known
}
const mostTables = 64

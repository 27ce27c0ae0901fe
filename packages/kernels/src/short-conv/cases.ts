export const cases = [
  { name: 'plain', shapes: shapes(2, 9, 5, 4) },
  { name: 'silu', shapes: shapes(2, 9, 5, 4), attributes: { silu: 1 } },
  { name: 'large values', shapes: shapes(1, 6, 17, 3), attributes: { silu: 1 }, scale: { x: 4 } },
  { name: 'one token', shapes: shapes(2, 1, 19, 4), attributes: { silu: 1 } },
  { name: 'fewer tokens than the state holds', shapes: shapes(1, 2, 3, 5) },
  { name: 'two taps, many tokens', shapes: shapes(2, 70, 3, 2), attributes: { silu: 1 } },
]

function shapes(batch: number, length: number, channels: number, taps: number) {
  return {
    x: [batch, length, channels],
    weight: [channels, taps],
    state: [batch, channels, taps - 1],
    bias: [channels],
  }
}

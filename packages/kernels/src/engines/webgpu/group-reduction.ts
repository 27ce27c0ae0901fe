/**
 * WGSL of `total(value, t)`: the sum of what a group of so many threads gives, known to all of them, formed in one order.
 *
 * @param more other reductions of the group, by the names of their functions: an expression of a and b
 */
export const groupTotal = (threads: number, more: Readonly<Record<string, string>> = {}): string => `
var<workgroup> partial: array<f32, ${threads}>;
${Object.entries({ total: 'a + b', ...more })
  .map(
    ([name, combined]) => `
fn ${name}(value: f32, t: u32) -> f32 {
  workgroupBarrier();
  partial[t] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half = half / 2u) {
    if (t < half) {
      let a = partial[t];
      let b = partial[t + half];
      partial[t] = ${combined};
    }
    workgroupBarrier();
  }
  return partial[0];
}`,
  )
  .join('')}`

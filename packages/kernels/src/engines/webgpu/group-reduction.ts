/** How two values become one, as WGSL of `a` and `b`, and how those of a subgroup do, of `value`. */
export interface Combination {
  pair: string
  subgroup: string
}

export const sum: Combination = { pair: 'a + b', subgroup: 'subgroupAdd(value)' }
export const largest: Combination = { pair: 'max(a, b)', subgroup: 'subgroupMax(value)' }

/** What the threads of a group have in common: functions `name(value, t)` of the value that each gives. */
export interface GroupReductions {
  /** Threads of the group: a power of two. */
  threads: number
  functions: Readonly<Record<string, Combination>>
}

/** `total(value, t)`: the sum over a group of so many threads. */
export const groupTotal = (threads: number): GroupReductions => ({ threads, functions: { total: sum } })

/** With subgroups each of them combines all values, so that it matters in none which threads it has, or how many. */
const bySubgroups = (threads: number, pair: string) => `
  let lanes = subgroupAdd(1u);
  let lane = subgroupExclusiveAdd(1u);
  var value = partial[lane];
  for (var other = lane + lanes; other < ${threads}u; other += lanes) {
    let a = value;
    let b = partial[other];
    value = ${pair};
  }`

const byHalves = (threads: number, pair: string) => `
  for (var half = ${threads / 2}u; half > 0u; half = half / 2u) {
    if (t < half) {
      let a = partial[t];
      let b = partial[t + half];
      partial[t] = ${pair};
    }
    workgroupBarrier();
  }`

/** WGSL of the functions: what all threads give, combined in one order, known to all of them. */
export const reductionCode = ({ threads, functions }: GroupReductions, subgroups: boolean): string => `
var<workgroup> partial: array<f32, ${threads}>;
${Object.entries(functions)
  .map(
    ([name, { pair, subgroup }]) => `
fn ${name}(given: f32, t: u32) -> f32 {
  workgroupBarrier();
  partial[t] = given;
  workgroupBarrier();
${subgroups ? `${bySubgroups(threads, pair)}\n  return ${subgroup};` : `${byHalves(threads, pair)}\n  return partial[0];`}
}`,
  )
  .join('')}`

import { largest, sum } from '../engines/webgpu/group-reduction'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { standardTiles } from '../engines/webgpu/tiles'

/** A kernel for groups of so many threads. */
type OfThreads = (threads: number) => GpuKernel

/**
 * A kernel of a group per row of logits z. Parameters: the rows, the vocabulary and the number of the first row.
 *
 * @param outputs what it reads and writes besides z, by name
 * @param body in which `row` is the row among these, `n` the vocabulary, `start` the row's first logit, `word` its target
 *   and `p(i)` the probability of word i
 */
const ofRows =
  (name: string, inputs: readonly string[], outputs: readonly string[], body: string): OfThreads =>
  (threads) => ({
    name: `LinearCrossEntropy ${name} ${threads}`,
    inputs: { targets: 'i32', ...floats(inputs) },
    outputs: { z: 'f32', ...floats(outputs) },
    reductions: { threads, functions: { total: sum, largest } },
    code: `
const THREADS = ${threads}u;
var<private> start: u32;
var<private> most: f32;
var<private> scale: f32;
fn bendOf(b: f32, a: f32, c: f32, m: f32, meanA: f32, meanC: f32) -> f32 {
  return b * c + c * (a - meanA) - a * meanC + m;
}
fn p(i: u32) -> f32 { return exp(z[start + i] - most) * scale; }
@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) t: u32) {
  let block = groupOf(group, groups);
  if (block >= param(0)) { return; }
  let n = param(1);
  let row = param(2) + block;
  let word = targets[row];
  start = block * n;
  var own = -0x1.fffffep127;
  for (var i = t; i < n; i += THREADS) { own = max(own, z[start + i]); }
  most = largest(own, t);
  own = 0.0;
  for (var i = t; i < n; i += THREADS) { own += exp(z[start + i] - most); }
  let sum = total(own, t);
  scale = 1.0 / sum;
${body}
}`,
  })

const floats = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'f32' as const]))
const forWords = (body: string) => `  for (var i = t; i < n; i += THREADS) {\n${body}\n  }`
/** 1 at the target. */
const chosen = 'select(0.0, 1.0, i32(i) == word)'

/** The losses, and s = p − chosen in the place of z where slopes are wanted. */
export const lossRows = (slopes: boolean): OfThreads =>
  ofRows(
    slopes ? 'losses, slopes' : 'losses',
    [],
    ['losses'],
    `
  var ofTarget = 0.0;
${forWords(`
    let value = z[start + i];
    if (i32(i) == word) { ofTarget = value - most; }
    ${slopes ? `z[start + i] = p(i) - ${chosen};` : ''}`)}
  ofTarget = total(ofTarget, t);
  // A target outside of the vocabulary chooses nothing.
  let found = word >= 0 && u32(word) < n;
  if (t == 0u) { losses[row] = log(sum) + select(most, -ofTarget, found); }`,
  )

const cotangent = (has: boolean) => (has ? 'b[row]' : '0.0')

/**
 * The slope along the logits of b · loss + ⟨a, s⟩: g = b s + p ⊙ (a − ⟨p, a⟩) in the place of a, s in that of z; without a
 * it is b s in the place of z.
 */
export const slopeRows = (hasB: boolean, hasA: boolean): OfThreads =>
  ofRows(
    `slopes, b ${hasB}, a ${hasA}`,
    hasB ? ['b'] : [],
    hasA ? ['a'] : [],
    hasA
      ? `
  var along = 0.0;
${forWords('    along += p(i) * a[start + i];')}
  let mean = total(along, t);
${forWords(`
    let weight = p(i);
    let s = weight - ${chosen};
    a[start + i] = ${cotangent(hasB)} * s + weight * (a[start + i] - mean);
    z[start + i] = s;`)}`
      : forWords(`    z[start + i] = ${cotangent(hasB)} * (p(i) - ${chosen});`),
  )

/**
 * The derivatives of ⟨c, g⟩ + ⟨m, s⟩, g as above: R along the logits in the place of z, g in that of a, E = p ⊙ (c − ⟨p, c⟩)
 * along a in that of c, s in that of m, and ⟨c, s⟩, which is along b.
 */
export const bendRows = (hasB: boolean, hasM: boolean): OfThreads =>
  ofRows(
    `bends, b ${hasB}, m ${hasM}`,
    hasB ? ['b'] : [],
    ['a', 'c', ...(hasM ? ['m'] : []), 'alongB'],
    `
  var alongA = 0.0;
  var alongC = 0.0;
  var ofTarget = 0.0;
${forWords(`
    alongA += p(i) * a[start + i];
    alongC += p(i) * c[start + i];
    if (i32(i) == word) { ofTarget = c[start + i]; }`)}
  let meanA = total(alongA, t);
  let meanC = total(alongC, t);
  ofTarget = total(ofTarget, t);
  if (t == 0u) { alongB[row] = meanC - ofTarget; }
  let weight = ${cotangent(hasB)};
  var bend = 0.0;
${forWords(`    bend += p(i) * bendOf(weight, a[start + i], c[start + i], ${hasM ? 'm[start + i]' : '0.0'}, meanA, meanC);`)}
  let mean = total(bend, t);
${forWords(`
    let probability = p(i);
    let s = probability - ${chosen};
    let ofA = a[start + i];
    let ofC = c[start + i];
    z[start + i] = probability * (bendOf(weight, ofA, ofC, ${hasM ? 'm[start + i]' : '0.0'}, meanA, meanC) - mean);
    a[start + i] = weight * s + probability * (ofA - meanA);
    c[start + i] = probability * (ofC - meanC);
    ${hasM ? 'm[start + i] = s;' : ''}`)}`,
  )

/** What depends on the sizes of tiles, with the standard ones. */
export const tiledKernels = (): GpuKernel[] =>
  [lossRows(true), slopeRows(true, true), bendRows(true, true)].map((kernel) =>
    kernel(standardTiles.linearCrossEntropy.threads),
  )

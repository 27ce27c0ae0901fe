import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { groupTotal } from '../engines/webgpu/group-reduction'
import { forEachValue, groupSize, groupsFor, type GpuKernel, type Part } from '../engines/webgpu/kernel'
import { taps } from './reference'

/**
 * A group has a row of a sequence's weights, one of D, which stands in its output already, and goes through the tokens: it needs
 * no other row. Each thread always sums and changes the same values of it, so that they meet for a token's sum alone.
 *
 * Parameters: tokens T, width D, hidden F, chunk C.
 */
const read: GpuKernel = {
  name: 'InPlaceTtt',
  inputs: { h: 'f32', t: 'f32', conv: 'f32', hOpen: 'f32', tOpen: 'f32', position: 'i32' },
  outputs: { z: 'f32', fast: 'f32' },
  reductions: groupTotal(groupSize),
  code: `
// Of the chunk that ends behind a token, at a place from 0 up: what was read before token 0 stands in the open chunk.
fn targetAt(b: u32, d: u32, end: i32, place: i32) -> f32 {
  let chunk = i32(param(3));
  if (place < 0 || place >= chunk) { return 0.0; }
  let token = end - chunk + place;
  if (token < 0) { return tOpen[(b * param(3) + u32(place)) * param(1) + d]; }
  return t[(b * param(0) + u32(token)) * param(1) + d];
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let length = param(0);
  let width = param(1);
  let hidden = param(2);
  let chunk = param(3);
  let d = group.x;
  let b = group.y;
  let row = (b * width + d) * hidden;
  let open = u32(position[b]) % chunk;
  for (var i = 0u; i < length; i++) {
    var own = 0.0;
    for (var f = lane; f < hidden; f += WG) { own += fast[row + f] * h[(b * length + i) * hidden + f]; }
    let sum = total(own, lane);
    if (lane == 0u) { z[(b * length + i) * width + d] = sum; }
    if ((open + i + 1u) % chunk != 0u) { continue; }
    let end = i32(i) + 1;
    for (var place = 0; place < i32(chunk); place++) {
      var value = 0.0;
      for (var k = 0; k < ${taps}; k++) {
        value += conv[d * ${taps}u + u32(k)] * targetAt(b, d, end, place + k - ${(taps - 1) / 2});
      }
      let token = end - i32(chunk) + place;
      for (var f = lane; f < hidden; f += WG) {
        var key = 0.0;
        if (token < 0) { key = hOpen[(b * chunk + u32(place)) * hidden + f]; } else { key = h[(b * length + u32(token)) * hidden + f]; }
        fast[row + f] += value * key;
      }
    }
  }
}`,
}

const copy: GpuKernel = {
  name: 'InPlaceTtt copy',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  code: forEachValue('  y[i] = x[i];'),
}

/** What is open after these tokens, then zeros. Parameters: values, tokens T, columns, chunk C. */
const keep: GpuKernel = {
  name: 'InPlaceTtt open',
  inputs: { x: 'f32', before: 'f32', position: 'i32' },
  outputs: { after: 'f32' },
  code: forEachValue(`
  let length = i32(param(1));
  let columns = param(2);
  let chunk = param(3);
  let b = i / columns / chunk;
  let slot = i32(i / columns % chunk);
  let left = i32((u32(position[b]) % chunk + param(1)) % chunk);
  let token = length - left + slot;
  if (slot >= left) { after[i] = 0.0; }
  else if (token < 0) { after[i] = before[i]; }
  else { after[i] = x[(b * param(1) + u32(token)) * columns + i % columns]; }`),
}

export const gpuKernels: GpuFusedKernels = {
  InPlaceTtt({ inputs, outputShapes, backend }, family) {
    const given = inputs.map((input) => input!)
    const [h, t, , fast, hOpen] = given.map(({ shape }) => shape)
    const [batch, length, hidden] = h
    const [width, chunk] = [t[2], hOpen[1]]
    const shapes = { z: t, fast, hOpen, tOpen: given[5].shape }
    // What isn't asked for comes last and is thrown away.
    const names = (['z', 'fast', 'hOpen', 'tOpen'] as const).toSorted(
      (a, b) => Number(isLeftOut(a)) - Number(isLeftOut(b)),
    )
    function isLeftOut(name: string): boolean {
      return outputShapes[family.outputs.indexOf(name)] === undefined
    }
    const keepPart = (x: number, before: number, name: 'hOpen' | 'tOpen', columns: number): Part => ({
      kernel: keep,
      inputs: [x, before, 6],
      outputs: [names.indexOf(name)],
      parameters: [sizeOf(shapes[name]), length, columns, chunk],
      groups: groupsFor(sizeOf(shapes[name])),
    })
    const parts: Part[] = [
      {
        kernel: copy,
        inputs: [3],
        outputs: [names.indexOf('fast')],
        parameters: [sizeOf(fast)],
        groups: groupsFor(sizeOf(fast)),
      },
      {
        kernel: read,
        inputs: [0, 1, 2, 4, 5, 6],
        outputs: [names.indexOf('z'), names.indexOf('fast')],
        parameters: [length, width, hidden, chunk],
        groups: [width, batch, 1],
      },
      keepPart(0, 4, 'hOpen', hidden),
      keepPart(1, 5, 'tOpen', width),
    ]
    const outputs = names.map((name) => ({ shape: shapes[name], dtype: 'float32' as const }))
    return backend.call(given, outputs, parts, { temporary: names.filter(isLeftOut).length })
  },
}

import { standardTiles } from '../engines/webgpu/tiles'

/**
 * Queries, and keys, of a tile, and the edge of a group of threads: as the adapter's are, where they fit heads of this width.
 *
 * @param bytes of workgroup memory for an edge
 */
export const edgeFor = (
  { edge }: { edge: number },
  bytes: (edge: number) => number,
  { maxComputeWorkgroupStorageSize }: Pick<GPUSupportedLimits, 'maxComputeWorkgroupStorageSize'>,
): number => (bytes(edge) <= maxComputeWorkgroupStorageSize ? edge : standardTiles.attention.edge)

/**
 * WGSL that says which tiles meet: parameter 0 is the number of queries, 1 that of keys, 4 the window; a place is that of
 * a query among the keys.
 */
export const reach = (tile: number): string => `
const TILE = ${tile}u;
/** A query that sees no key gives all of them the same weight. */
fn seesNone(place: i32) -> bool {
  let window = i32(param(4));
  return place < 0 || (window > 0 && place - window + 1 > i32(param(1)) - 1);
}
/** From which key on, and up to which, the queries of a tile see some. */
fn keysOf(firstPlace: i32) -> vec2i {
  let window = i32(param(4));
  let keys = i32(param(1));
  let all = seesNone(firstPlace + i32(TILE) - 1) || firstPlace < 0;
  return vec2i(
    select(0, max(0, firstPlace - window + 1), window > 0 && !all),
    select(min(keys, firstPlace + i32(TILE)), keys, all));
}
/** From which query on, in whole tiles, and up to which, some see the keys of a tile. */
fn queriesOf(firstKey: i32, offset: i32) -> vec2i {
  let window = i32(param(4));
  let queries = i32(param(0));
  let all = seesNone(offset + queries - 1) || offset < 0;
  let lastSeen = firstKey + i32(TILE) - 1 + window - 1 - offset;
  return vec2i(
    select(max(0, firstKey - offset) / i32(TILE) * i32(TILE), 0, all),
    select(queries, min(queries, lastSeen + 1), window > 0 && !all));
}
/** Whether a query at this place sees a key, both being there. */
fn sees(place: i32, key: i32) -> bool {
  let window = i32(param(4));
  let before = place - key;
  return seesNone(place) || (before >= 0 && (window == 0 || before < window));
}`

/** The first lines of a kernel of a tile's pairs of a query i and a key j, one pair a thread. */
export const mainOfTiles = (tile: number): string => `
@compute @workgroup_size(${tile * tile})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let queries = param(0);
  let keys = param(1);
  let heads = param(2);
  let keyHeads = param(3);
  let batch = group.z;
  let i = t / TILE;
  let j = t % TILE;`

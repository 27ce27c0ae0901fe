/** Values of a task's memory in WGSL: from a place, its rows and columns so far apart. */
export interface View {
  at: string | number
  row: string | number
  column: string | number
}
export const rows = (at: string | number, width: string | number): View => ({ at, row: width, column: 1 })
export const turned = ({ at, row, column }: View): View => ({ at, row: column, column: row })

/** to [count, columns] (+)= a · b, by all threads of the task. */
export const product = (
  count: string | number,
  columns: string | number,
  inner: string | number,
  a: View,
  b: View,
  to: View,
  add = false,
): string =>
  // prettier-ignore
  `product(vec3u(u32(${count}), u32(${columns}), u32(${inner})), vec3u(${[a.at, a.row, a.column].map((x) => `u32(${x})`)}), vec3u(${[b.at, b.row, b.column].map((x) => `u32(${x})`)}), vec2u(u32(${to.at}), u32(${to.row})), ${add});`

/** A value of a task's memory in WGSL: the `index`-th from a place on. */
export const value = (place: number, index = 'e'): string => `m[base + ${place}u + ${index}]`

/** Does something for each value e of so many, by all threads. */
export const each = (count: string | number, body: string): string =>
  `for (var e = thread; e < u32(${count}); e += WG) { ${body} }
  storageBarrier();`

/** Tokens that go through a network at once. */
export const block = 16
/** Goes through tokens, n at a time from `start` on. */
export const forBlocks = (first: string, end: string, body: string): string => `
    for (var start = ${first}; start < ${end}; start += ${block}u) {
      let n = min(${block}u, ${end} - start);
      ${body}
    }`

/** WGSL that a kernel of tasks begins with: a task's memory `m` from `base` on, its threads, and products. */
export const taskCode = `
var<private> base: u32;
var<private> thread: u32;
fn product(size: vec3u, a: vec3u, b: vec3u, to: vec2u, add: bool) {
  for (var e = thread; e < size.x * size.y; e += WG) {
    let i = e / size.y;
    let j = e % size.y;
    var sum = 0.0;
    for (var x = 0u; x < size.z; x++) { sum += m[base + a.x + i * a.y + x * a.z] * m[base + b.x + x * b.y + j * b.z]; }
    let at = base + to.x + i * to.y + j;
    if (add) { sum += m[at]; }
    m[at] = sum;
  }
  storageBarrier();
}
fn dotOf(a: u32, b: u32, n: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < n; c++) { sum += m[base + a + c] * m[base + b + c]; }
  return sum;
}`

/** `fn main` of a kernel with a group of threads for each `task`, whose memory has so many values. */
export const taskMain = (values: number, body: string): string => `
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let task = group.x;
  thread = t;
  base = task * ${values}u;
${body}
}`

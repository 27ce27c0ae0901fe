import { halfCode, type GpuPrecision } from '../engines/webgpu/half'

/**
 * WGSL of tiles of TILE rows of WIDTH values each, ROW apart in workgroup memory, for groups of TILE × TILE threads: as
 * they are, or in f16 by a power of two of each row's own.
 */
export interface RowTiles {
  /** Of these names. */
  declare(names: readonly string[]): string
  /**
   * Fills tiles; threads meet at a barrier before, where what a tile had is still needed, and after.
   *
   * @param values of each tile, an expression of what `before` makes of `e`, a value's place in the rows
   */
  fill(values: Readonly<Record<string, string>>, before: string): string
  /** A value of a tile, to be multiplied by `unit` of its row. */
  at(name: string, place: string): string
  /** A factor behind a product. */
  unit(name: string, row: string): string
}

const forEach = (body: string) => `
  for (var e = t; e < TILE * WIDTH; e += TILE * TILE) {
${body}
  }`
const place = 'e / WIDTH * ROW + e % WIDTH'

const plain: RowTiles = {
  declare: (names) => names.map((name) => `var<workgroup> ${name}Tile: array<f32, TILE * ROW>;`).join('\n'),
  fill: (values, before) =>
    forEach(`${before}
${Object.entries(values)
  .map(([name, value]) => `    ${name}Tile[${place}] = ${value};`)
  .join('\n')}`),
  at: (name, at) => `${name}Tile[${at}]`,
  unit: () => '',
}

const half: RowTiles = {
  declare: (names) => `${halfCode}
${names
  .map(
    (name) => `var<workgroup> ${name}Tile: array<f16, TILE * ROW>;
var<workgroup> ${name}Largest: array<atomic<u32>, TILE>;
var<workgroup> ${name}Units: array<f32, TILE>;`,
  )
  .join('\n')}`,
  fill(values, before) {
    const names = Object.keys(values)
    const lines = (line: (name: string) => string) => names.map((name) => `    ${line(name)}`).join('\n')
    return `
  {
  if (t < TILE) {
${lines((name) => `atomicStore(&${name}Largest[t], 0u);`)}
  }
${lines((name) => `var ${name}Values: array<f32, COLUMNS>;`)}
  workgroupBarrier();
${forEach(`${before}
${lines(
  (name) => `let ${name}Value = ${values[name]};
    ${name}Values[e / (TILE * TILE)] = ${name}Value;
    atomicMax(&${name}Largest[e / WIDTH], bitcast<u32>(abs(${name}Value)));`,
)}`)}
  workgroupBarrier();
${forEach(lines((name) => `${name}Tile[${place}] = held(${name}Values[e / (TILE * TILE)], atomicLoad(&${name}Largest[e / WIDTH]));`))}
  if (t < TILE) {
${lines((name) => `${name}Units[t] = unitOf(atomicLoad(&${name}Largest[t]));`)}
  }
  }`
  },
  at: (name, at) => `f32(${name}Tile[${at}])`,
  unit: (name, row) => ` * ${name}Units[${row}]`,
}

export const rowTiles: Readonly<Record<GpuPrecision, RowTiles>> = { f32: plain, f16: half }

/** Bytes of workgroup memory that one takes. */
export const rowTileBytes = (tile: number, width: number, precision: GpuPrecision): number =>
  precision === 'f16' ? tile * (2 * (width + 1) + 8) : 4 * tile * (width + 1)

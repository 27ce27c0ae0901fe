import { expect, it } from 'vitest'
import { standardTiles as standard, type TiledKernel, type Tiles } from '@ttt-e2e/kernels/engines/webgpu'
import { chooseTiles, type TileWork } from './choose-tiles'

const edges = [8, 16, 32].map((edge) => ({ edge }))

function tilingOf(tiles = standard) {
  const candidates = {
    product: [{ edge: 64, depth: 8 }, standard.product, { edge: 128, depth: 8 }],
    productOfFewRows: [standard.productOfFewRows],
    attention: edges,
    attentionGradient: edges,
    attentionSecondGradient: edges,
    linearCrossEntropy: [standard.linearCrossEntropy],
  }
  return { tiles, candidates: () => candidates }
}

/** Work whose time is told by a rule in place of a clock, and whose results are right but where `wrong` says something. */
function workOf(
  tiling: { tiles: Tiles },
  seconds: (tiles: Tiles) => number,
  wrong: (tiles: Tiles) => string | undefined = () => undefined,
) {
  const work: TileWork = {
    wrong: async () => wrong(tiling.tiles),
    seconds: async () => seconds(tiling.tiles),
  }
  return Object.fromEntries(Object.keys(standard).map((kernel) => [kernel, work])) as Record<TiledKernel, TileWork> // prettier-ignore
}

it('leaves the fastest in use, kernel after kernel', async () => {
  const tiling = tilingOf()
  const seconds = ({ product, attention }: Tiles) => 1 / product.depth + 1 / attention.edge
  const trials = await chooseTiles(tiling, workOf(tiling, seconds), ['product', 'attention'])
  expect(tiling.tiles).toEqual({ ...standard, attention: { edge: 32 } })
  expect(trials.filter(({ chosen }) => chosen)).toEqual([
    { kernel: 'product', sizes: 'edge 64, depth 16', chosen: true, seconds: 1 / 16 + 1 / 16 },
    { kernel: 'attention', sizes: 'edge 32', chosen: true, seconds: 1 / 16 + 1 / 32 },
  ])
  expect(trials.map(({ sizes }) => sizes)).toEqual([
    'edge 64, depth 16',
    'edge 64, depth 8',
    'edge 128, depth 8',
    'edge 16',
    'edge 8',
    'edge 32',
  ])
})

it('never takes one whose results are wrong, and times it not', async () => {
  const tiling = tilingOf()
  const wrong = ({ attention }: Tiles) => (attention.edge === 32 ? 'y is off by 1e-2' : undefined)
  let timed = 0
  const seconds = ({ attention }: Tiles) => (timed++, 1 / attention.edge)
  const trials = await chooseTiles(tiling, workOf(tiling, seconds, wrong), ['attention'])
  expect(tiling.tiles.attention).toEqual({ edge: 16 })
  expect(timed).toBe(2)
  expect(trials[2]).toEqual({ kernel: 'attention', sizes: 'edge 32', chosen: false, wrong: 'y is off by 1e-2' }) // prettier-ignore
})

it('passes over one that can not run, and keeps what was in use where none can', async () => {
  const tiling = tilingOf()
  const fails = (edge: number) => (tiles: Tiles) => {
    if (tiles.attention.edge >= edge) throw new Error('WebGPU: too much workgroup memory\nmore')
    return 1 / tiles.attention.edge
  }
  const trials = await chooseTiles(tiling, workOf(tiling, fails(32)), ['attention'])
  expect(tiling.tiles.attention).toEqual({ edge: 16 })
  expect(trials[2].wrong).toBe('WebGPU: too much workgroup memory')
  const none = await chooseTiles(tiling, workOf(tiling, fails(0)), ['attention'])
  expect(none.some(({ chosen }) => chosen)).toBe(false)
  expect(tiling.tiles).toEqual(standard)
})

it('makes no other trials once it may not go on, and leaves the fastest so far', async () => {
  const tiling = tilingOf()
  let trials = 0
  const work = workOf(tiling, ({ product }) => 1 / product.depth + 1 / product.edge)
  const made = await chooseTiles(tiling, work, ['product', 'attention'], () => trials++, () => trials < 3) // prettier-ignore
  expect(made.map(({ sizes }) => sizes)).toEqual(['edge 64, depth 16', 'edge 64, depth 8', 'edge 128, depth 8']) // prettier-ignore
  expect(tiling.tiles).toEqual(standard)
})

import { sizeOf } from '../engines/size-of'
import type { Output } from '../engines/webgpu/backend'
import { columnSumsPart } from '../engines/webgpu/column-sums'
import { limited, type GpuFusedKernel, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { outputAsInput, type GpuKernel, type Part, type PartBuffer } from '../engines/webgpu/kernel'
import { fillParts } from '../engines/webgpu/stock/fill'
import { goBackKernel } from './go-back'
import {
  gatherPart,
  gradientPart,
  rowsPart,
  rowValues,
  spreadPart,
  startGradientPart,
  type Find,
} from './parts'
import { scanSupports, slopeValues, tokensKept, tokensRead } from './reach'
import { readKernel, type Leaves } from './read'
import type { StateScan } from './scan'
import { parametersOf, stateValues, tilesOf, unitsOf, type ScanSizes } from './sizes'

type Call = Parameters<GpuFusedKernel>[0]
type Family = Parameters<GpuFusedKernel>[1]

/** A call's buffers by their names, and what is to be done with them. */
function opened(call: Call, family: Family, scan: StateScan) {
  const places = family.inputs.map((_, i) => call.inputs.slice(0, i).filter(Boolean).length)
  const outputPlaces = family.outputs.map((_, i) => call.outputShapes.slice(0, i).filter(Boolean).length)
  const inputs = call.inputs.filter((input) => input !== undefined)
  const outputs: Output[] = call.outputShapes.flatMap((shape) => (shape ? [{ shape, dtype: 'float32' }] : []))
  const kept = outputs.length
  const parts: Part[] = []
  const at = (names: readonly string[], name: string) => names.indexOf(name)
  const input = (name: string): PartBuffer | undefined =>
    call.inputs[at(family.inputs, name)] && places[at(family.inputs, name)]
  const temporary = (values: number) => outputs.push({ shape: [Math.max(1, values)], dtype: 'float32' }) - 1
  return {
    sizes: scan.sizes(Object.fromEntries(family.inputs.flatMap((name, i) => (call.inputs[i] ? [[name, call.inputs[i].shape]] : [])))), // prettier-ignore
    parts,
    input,
    find: ((name: string) => input(name)!) satisfies Find,
    shapeOf: (output: number) => outputs[output].shape,
    /** Where it is, if it is wanted. */
    output: (name: string): number | undefined =>
      call.outputShapes[at(family.outputs, name)] && outputPlaces[at(family.outputs, name)],
    temporary,
    run: () => call.backend.call(inputs, outputs, parts, { temporary: outputs.length - kept }),
  }
}

/** Stretches of so many tokens, in order. */
const stretches = (length: number, each: number) =>
  Array.from({ length: Math.ceil(length / each) }, (_, n) => {
    const first = n * each
    return { first, count: Math.min(each, length - first) }
  })

const perTile = (
  kernel: GpuKernel,
  inputs: PartBuffer[],
  outputs: number[],
  sizes: ScanSizes,
  first: number,
  count: number,
  slots: [from: number, to: number],
): Part => ({
  // prettier-ignore
  kernel,
  inputs,
  outputs,
  parameters: [...parametersOf(0, first, count, sizes), ...slots],
  groups: [tilesOf(sizes) * unitsOf(sizes), 1, 1],
})

const forward =
  (scan: StateScan): GpuFusedKernel =>
  (call, family) => {
    const { sizes, parts, find, output, temporary, run } = opened(call, family, scan)
    const [outputs, last] = family.outputs.map(output)
    const each = tokensRead(sizes, scan, call.backend.mostBound)
    const state = temporary(stateValues(sizes))
    const rows = temporary(rowValues(scan, sizes, each))
    parts.push(spreadPart(scan, sizes, find('state'), state, find))
    const leaves: Leaves = outputs === undefined ? 'nothing' : 'outputs'
    const kernel = readKernel(sizes, scan, leaves)
    for (const { first, count } of stretches(sizes.length, each)) {
      parts.push(rowsPart(scan, sizes, find, rows, first, count))
      parts.push(perTile(kernel, [outputAsInput(rows), find(scan.values)], [state, ...(outputs === undefined ? [] : [outputs])], sizes, first, count, [0, 0])) // prettier-ignore
    }
    if (last !== undefined) parts.push(gatherPart(scan, sizes, outputAsInput(state), last))
    return run()
  }

/**
 * States before each stretch of tokens are computed first; then, from the last stretch to the first, those before each of
 * its tokens again, and with these the slopes.
 */
const gradient =
  (scan: StateScan): GpuFusedKernel =>
  (call, family) => {
    const { sizes, parts, input, find, shapeOf, output, temporary, run } = opened(call, family, scan)
    const [askedName, lastName] = family.inputs.slice(-2)
    const asked = input(askedName)
    const values = stateValues(sizes)
    const each = tokensKept(sizes, scan, call.backend.mostBound)
    const pieces = stretches(sizes.length, each)
    const wanted = (name: string) => output(`grad_${name}`)
    const ofValues = wanted(scan.values) ?? temporary(sizes.batch * sizes.length * sizes.heads * sizes.width * sizes.ranks) // prettier-ignore
    const rows = temporary(rowValues(scan, sizes, each))
    const starts = temporary(values * Math.max(1, pieces.length))
    const states = temporary(values * each)
    const slope = temporary(values)
    const slopes = temporary(slopeValues(sizes, scan) * each)
    const written = scan.erases ? [temporary(each * unitsOf(sizes) * sizes.width)] : []
    const sums = Object.entries(scan.sums ?? {}).flatMap(([name, of]) => {
      const to = wanted(name)
      return to === undefined ? [] : [{ name, of, to, perToken: temporary(sizes.batch * sizes.length * sizes.heads) }] // prettier-ignore
    })

    parts.push(spreadPart(scan, sizes, find('state'), starts, find))
    pieces.slice(0, -1).forEach(({ first, count }, n) => {
      parts.push(rowsPart(scan, sizes, find, rows, first, count))
      const kernel = readKernel(sizes, scan, 'nothing')
      parts.push(perTile(kernel, [outputAsInput(rows), find(scan.values)], [starts], sizes, first, count, [n, n + 1])) // prettier-ignore
    })
    parts.push(spreadPart(scan, sizes, input(lastName), slope))
    for (const [n, { first, count }] of [...pieces.entries()].toReversed()) {
      parts.push(rowsPart(scan, sizes, find, rows, first, count))
      const given = [outputAsInput(rows), find(scan.values)]
      parts.push(perTile(readKernel(sizes, scan, 'states'), given, [starts, states, ...written], sizes, first, count, [n, n])) // prettier-ignore
      const read = [
        outputAsInput(states),
        ...(asked === undefined ? [] : [asked]),
        ...written.map(outputAsInput),
      ]
      const back = goBackKernel(sizes, scan, asked !== undefined)
      parts.push(perTile(back, [...given, ...read], [slope, slopes, ofValues], sizes, first, count, [0, 0]))
      const put = (name: string, of: Parameters<typeof gradientPart>[3], to: number) =>
        parts.push(gradientPart(scan, sizes, name, of, find, outputAsInput(slopes), to, first, count))
      for (const [name, of] of Object.entries(scan.gradients)) {
        const to = wanted(name)
        if (to !== undefined) put(name, of, to)
      }
      for (const { name, of, perToken } of sums) put(name, of, perToken)
    }
    for (const { to, perToken } of sums)
      if (sizes.batch * sizes.length > 0)
        parts.push(columnSumsPart(sizes.batch * sizes.length, sizes.heads, outputAsInput(perToken), to))
      else parts.push(...fillParts(sizes.heads, 0, call.backend.mostBound, to))
    const ofState = wanted('state')
    if (ofState !== undefined) parts.push(gatherPart(scan, sizes, outputAsInput(slope), ofState))
    for (const [name, of] of Object.entries(scan.start?.gradients ?? {})) {
      const to = wanted(name)
      if (to !== undefined) parts.push(startGradientPart(scan, sizes, name, of, find, outputAsInput(slope), to, sizeOf(shapeOf(to)))) // prettier-ignore
    }
    return run()
  }

/** The kernels of a scan and of its gradient. */
export const scanKernels = (scan: StateScan): GpuFusedKernels => ({
  [scan.name]: limited(forward(scan), (inputs, _, limits) => scanSupports(scan, inputs, false, limits)),
  [`${scan.name}Grad`]: limited(gradient(scan), (inputs, _, limits) =>
    scanSupports(scan, inputs, true, limits),
  ),
})

import { present, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import { groupTotal } from '../engines/webgpu/group-reduction'
import {
  groupSize,
  outputAsInput,
  type GpuKernel,
  type Part,
  type PartBuffer,
} from '../engines/webgpu/kernel'
import { bringPart, fetchPart, tokensPart, type TaskMemory, type TaskTokens } from './parts'

/** A tensor of which each task has values of its own in its memory, from `at` on. */
export interface Field {
  name: string
  at: number
  values: number
  /** How many tasks one after another have their own ones, the next as many having the same; all where left out. */
  groups?: number
}

/** What stands in a token's row: so many values from a column on. */
export type TokenColumn = readonly [name: string, values: number, column: number]

const same = (name: string): string => name

/** A call's shapes by the inputs' names, and `open`, by which it gets a task for each head of a sequence. */
export function openedCall(...[call, family]: Parameters<GpuFusedKernel>) {
  const { inputs, inputNames, outputs, outputNames } = present(call, family)
  const kept = outputs.length
  const parts: Part[] = []
  const find = (names: readonly string[], name: string) =>
    names.includes(name) ? names.indexOf(name) : undefined
  const input = (name: string): PartBuffer | undefined => find(inputNames, name)
  const temporary = (values: number) => outputs.push({ shape: [Math.max(1, values)], dtype: 'float32' }) - 1

  const open = (tokens: TaskTokens, { values, row }: TaskMemory) => {
    const { batch, length, heads } = tokens
    const tasks = batch * heads
    const given = temporary(tasks * length * row)
    const memory = temporary(tasks * values)
    return {
      /** Copies tensors of tokens into rows; zeros for those that the call lacks. */
      bringTokens(columns: readonly TokenColumn[]) {
        for (const [name, n, column] of columns)
          parts.push(tokensPart(tokens, n, input(name), given, row, column))
      },
      /** Copies tensors into the tasks' memories; zeros for those that the call lacks. */
      bring(fields: readonly Field[], nameOf = same) {
        for (const { name, at, values: n, groups = tasks } of fields)
          parts.push(bringPart(tasks, n, groups, input(nameOf(name)), memory, values, at))
      },
      /** A buffer of rows of this width, one for each token. */
      rows: (width: number): number => temporary(tasks * length * width),
      /**
       * Runs a kernel of `taskMain`, of the tokens' rows and, where there are any, the positions, into memories and `rows`;
       * `param(0)` is the length.
       */
      run(kernel: GpuKernel, rows: number, parameters: readonly number[] = []) {
        const position = input('position')
        parts.push({
          kernel: { ...kernel, reductions: groupTotal(groupSize) },
          inputs: [outputAsInput(given), ...(position === undefined ? [] : [position])],
          outputs: [memory, rows],
          parameters: [length, ...parameters],
          groups: [tasks, 1, 1],
        })
      },
      /** The way back of `bringTokens`, from rows of this width, for those outputs that the call has. */
      fetchTokens(columns: readonly TokenColumn[], rows: number, width: number, nameOf = same) {
        for (const [name, n, column] of columns) {
          const to = find(outputNames, nameOf(name))
          if (to !== undefined)
            parts.push(tokensPart(tokens, n, outputAsInput(rows), to, width, column, true))
        }
      },
      /** The way back of `bring`; what several tasks have of the same is summed. */
      fetch(fields: readonly Field[], nameOf = same) {
        for (const { name, at, values: n, groups = tasks } of fields) {
          const to = find(outputNames, nameOf(name))
          if (to !== undefined) parts.push(fetchPart(tasks, n, groups, outputAsInput(memory), to, values, at))
        }
      },
      results: () => call.backend.call(inputs, outputs, parts, { temporary: outputs.length - kept }),
    }
  }
  return {
    shapes: Object.fromEntries(inputNames.map((name, i) => [name, inputs[i].shape])),
    open,
  }
}

/** Names of an output's cotangent and of an input's gradient. */
export const cotangentOf = (name: string): string => `d_${name}`
export const gradientOf = (name: string): string => `grad_${name}`

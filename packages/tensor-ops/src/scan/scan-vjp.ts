import type { Cotangents, Vjp } from '../autodiff/vjp'
import { liveBytes } from '../memory'
import { program, vjpProgram, type ProgramKey } from '../program/program'
import { takeApart } from '../program/template'
import { tidy } from '../tidy'
import { tf, type Tensor } from '../tf'
import { disposeTree, treeEntries, treeMap, type TensorTree } from '../tree'
import type { GradientSum } from './gradient-sum'
import type { TapeBudget } from './tape-budget'

/** What a step is given that gradients are asked for. */
type Given<C, X> = {
  /** What other steps may be given too. */
  params: TensorTree
  /** What the step before has left. */
  carry: C
  /** What this step alone is given. */
  input: X
}

/** What it leaves: without a carry nothing comes after it. */
type Left<C, Y> = { carry?: C; output: Y }

/** One step of a scan: a pure function with what it is given beside the carry, which stays the caller's. */
export interface ScanStep<C extends TensorTree, X extends TensorTree, Y extends TensorTree, A = undefined> {
  /** See `program`. */
  key: ProgramKey
  params: TensorTree
  input: X
  /** What no gradient is asked for. */
  data: TensorTree
  run(given: Given<C, X>, data: TensorTree): { value: Left<C, Y>; aux?: A }
}

export interface ScanOptions<C, Y, A> {
  /** What tapes may hold; where they don't fit, steps are computed again on the way back. */
  tapes: TapeBudget
  /** Whether a step's carry is kept; where not, it is computed again from the last one kept. All are where left out. */
  keeps?(step: number): boolean
  /**
   * Tells leaves of a carry, by path, that serve in place of those of every carry before it: the last ones stand for all,
   * so that the caller may free the first's when a scan of several steps went forwards. None does where left out.
   */
  lasts?(path: string): boolean
  /** Whether steps share their parameters: a pull then adds to their sums itself, in place where an engine can. */
  shared?: boolean
  /** Called after each step, forwards; takes over its output and what it told. The carry stays the scan's. */
  onStep?(result: { carry?: C; output: Y; aux: A }): void
  /** Called on the way back when a step's gradients are in the sum. */
  onPulled?(step: number): void
  /** Waited for between steps. What it throws ends the scan and leaves nothing behind. */
  pause?(): Promise<void>
}

/** A scan that went forwards and waits to be pulled back. Owns its carries, but not the first, and its tapes. */
export interface Scan<C, X, Y> {
  /** What the last step has left; the scan's. */
  readonly carry: C | undefined
  /**
   * Walks the steps backwards, once.
   *
   * @param cotangents of each step's output, made within a `tidy`, and of the last carry, which is freed
   * @param sum the parameters' gradients are added to it
   * @returns gradients with respect to the first carry and each step's input; the caller's
   */
  pull(
    cotangents: { output?(): Cotangents<Y>; carry?: C },
    sum: GradientSum,
  ): Promise<{ carry: C; inputs: X[] }>
  dispose(): void
}

/**
 * Steps one after another, each with the carry that the last one left, and the vector-Jacobian product of them all. Each
 * step is a vjp of its own, pulled back by hand, so that memory is that of the carries between them and of as many tapes
 * as the budget allows, of one at least. The numbers are the same bits whatever is kept.
 */
export async function scanVjp<
  C extends TensorTree,
  X extends TensorTree,
  Y extends TensorTree,
  A = undefined,
>(steps: readonly ScanStep<C, X, Y, A>[], carry: C, options: ScanOptions<C, Y, A>): Promise<Scan<C, X, Y>> {
  const walk = new Walk(steps, carry, options)
  try {
    await walk.forwards()
    return walk
  } catch (error) {
    walk.dispose()
    throw error
  }
}

class Walk<C extends TensorTree, X extends TensorTree, Y extends TensorTree, A> implements Scan<C, X, Y> {
  private readonly carries: (C | undefined)[]
  private readonly tapes: (Vjp<Given<C, X>, Left<C, Y>, A> | undefined)[] = []
  /** What lasts of the newest carry; those in `carries` are without, the first may be. */
  private lasting = new Map<string, Tensor>()

  constructor(
    private readonly steps: readonly ScanStep<C, X, Y, A>[],
    start: C,
    private readonly options: ScanOptions<C, Y, A>,
  ) {
    this.carries = [start]
  }

  get carry(): C | undefined {
    return this.carries[this.steps.length]
  }

  async forwards(): Promise<void> {
    const { tapes, keeps = () => true, onStep, pause } = this.options
    for (let i = 0; i < this.steps.length; i++) {
      const before = liveBytes()
      const { open } = tapes
      const { value, aux } = open ? (this.tapes[i] = this.taped(i)) : this.untaped(i)
      this.carries[i + 1] = value.carry
      if (onStep) onStep({ ...value, aux })
      else disposeAll([value.output, aux])
      if (open && !tapes.keep(liveBytes() - before)) {
        this.tapes[i]!.dispose()
        this.tapes[i] = undefined
      }
      if (value.carry) this.moveLasting(value.carry)
      if (!keeps(i)) this.dropCarry(i)
      await pause?.()
    }
  }

  async pull(
    cotangents: { output?(): Cotangents<Y>; carry?: C },
    sum: GradientSum,
  ): Promise<{ carry: C; inputs: X[] }> {
    const inputs: X[] = []
    let later = cotangents.carry
    try {
      for (let i = this.steps.length - 1; i >= 0; i--) {
        const { params } = this.steps[i]
        const tape = this.tapes[i] ?? this.tapedAgain(i)
        this.tapes[i] = undefined
        const pulled = tidy(() => {
          const left = { carry: later, output: cotangents.output?.() } as Cotangents<Left<C, Y>>
          const onto = this.options.shared ? { params: sum.soFar(params) } : undefined
          return tape.pull(left, onto as Cotangents<Given<C, X>>)
        })
        if (later) disposeTree(later)
        if (this.options.shared) sum.replace(params, pulled.params)
        else sum.add(params, pulled.params)
        inputs.unshift(pulled.input)
        later = pulled.carry
        this.dropCarry(i)
        this.options.onPulled?.(i)
        await this.options.pause?.()
      }
      return { carry: later!, inputs }
    } catch (error) {
      disposeAll([later, inputs])
      throw error
    }
  }

  dispose(): void {
    for (const tape of this.tapes) tape?.dispose()
    for (let i = 1; i < this.carries.length; i++) this.dropCarry(i)
    disposeAll([...this.lasting.values()])
    this.lasting.clear()
  }

  private given(i: number): Given<C, X> {
    const { params, input } = this.steps[i]
    return { params, carry: treeMap(this.carries[i]!, (leaf, path) => this.lasting.get(path) ?? leaf), input }
  }

  private taped(i: number): Vjp<Given<C, X>, Left<C, Y>, A> {
    const step = this.steps[i]
    return vjpProgram<Given<C, X>, Left<C, Y>, TensorTree, A>(step.key, step.run, this.given(i), step.data)
  }

  private untaped(i: number): { value: Left<C, Y>; aux: A } {
    const step = this.steps[i]
    const { value, aux } = program(step.key, (all) => step.run(all.given, all.data), {
      given: this.given(i),
      data: step.data,
    })
    return { value, aux: aux as A }
  }

  /** A tape of step i, whose carry is computed again from the last one kept where need be. */
  private tapedAgain(i: number): Vjp<Given<C, X>, Left<C, Y>, A> {
    let from = i
    while (!this.carries[from]) from--
    for (let j = from; j < i; j++) {
      const { value, aux } = this.untaped(j)
      this.carries[j + 1] = value.carry
      for (const [path, leaf] of treeEntries(value.carry!)) if (this.lasting.has(path)) leaf.dispose()
      disposeAll([value.output, aux])
    }
    const tape = this.taped(i)
    disposeAll([tape.value, tape.aux])
    return tape
  }

  /** Takes what lasts out of a carry that is newer than all. */
  private moveLasting(carry: C): void {
    const { lasts } = this.options
    for (const [path, leaf] of lasts ? treeEntries(carry) : []) {
      if (!lasts!(path)) continue
      this.lasting.get(path)?.dispose()
      this.lasting.set(path, tf.keep(tf.clone(leaf)))
      leaf.dispose()
    }
  }

  /** The first carry is the caller's. */
  private dropCarry(i: number): void {
    const carry = this.carries[i]
    if (i === 0 || !carry) return
    disposeTree(carry)
    this.carries[i] = undefined
  }
}

function disposeAll(results: unknown): void {
  for (const tensor of takeApart(results).tensors) tensor.dispose()
}

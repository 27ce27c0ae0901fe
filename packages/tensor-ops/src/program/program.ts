import { cotangentLeaves, vjp, type Cotangents, type Vjp } from '../autodiff/vjp'
import { tf, type Tensor } from '../tf'
import { treeLeaves, treeWithLeaves, type TensorTree } from '../tree'
import { programBackend, type CompiledProgram, type ProgramBackend, type ProgramRest } from './backend'
import { takeApart, type Template } from './template'

/**
 * What a recorded function is known by. The function may depend on nothing but its inputs, its data, and what the
 * owner and the key determine.
 */
export interface ProgramKey {
  /** The recordings live as long as it does. */
  owner: object
  /** Everything else that decides which kernels run, but for the shapes. */
  key: string
}

interface Known {
  compiled: CompiledProgram
  output: Template
  /** For a vjp: which leaves of the value had a cotangent. */
  cotangents?: string
  /** And which gradients were added to something. */
  onto?: readonly boolean[]
}
/** A function that runs as written: it ran once and is worth recording if it comes again, is being recorded, or can't be. */
type Entry = Known | 'seen' | 'recording' | 'refused'

const mostPrograms = 1024
const caches = new WeakMap<ProgramBackend, Map<string, Entry>>()
const names = new WeakMap<object, number>()
let nextName = 0

/**
 * Runs `f`, and records its kernel calls the second time that it runs with this key and these shapes: an engine that
 * can replays them from then on, in one call and the same bits. The owner of the outputs is the caller.
 *
 * @param f pure: reads no tensors but those that it is given and those that it makes, and never their values
 * @param spent what the caller has no use for any more but to free it: a replay may write results over it, unless
 *   somebody else holds it too, and `f` may free it where it runs as written
 */
export function program<X extends TensorTree, Y, S extends TensorTree = []>(
  { owner, key }: ProgramKey,
  f: (inputs: X, spent: S) => Y,
  inputs: X,
  spent: S = [] as unknown as S,
): Y {
  const backend = programBackend()
  const last = treeLeaves(spent)
  const given = [...treeLeaves(inputs), ...last]
  const run = () => tf.tidy(() => withFreshOutputs(f(inputs, spent), given) as never) as Y
  if (!backend) return run()
  const programs = programsOf(backend)
  const id = `forward ${last.length} ${identify(owner, key, given)}`
  const known = find(programs, id)
  if (typeof known === 'object') {
    const { outputs, rest } = known.compiled.run(given)
    rest.dispose()
    return known.output.build(outputs) as Y
  }
  if (known !== 'seen') return run()
  const { result, recording } = backend.record(
    given,
    () => {
      const result = run()
      return { result, outputs: takeApart(result).tensors }
    },
    { spent: last.length },
  )
  const compiled = backend.compile([recording])
  programs.set(
    id,
    typeof compiled === 'string' ? 'refused' : { compiled, output: takeApart(result).template },
  )
  return result
}

/**
 * `vjp` of `f`, recorded like a `program`: the forward pass and the pull are replayed, each in one call.
 *
 * @param data tensors that `f` reads and that no gradient is asked for
 */
export function vjpProgram<X extends TensorTree, Y extends TensorTree, D extends TensorTree, A = undefined>(
  { owner, key }: ProgramKey,
  f: (inputs: X, data: D) => { value: Y; aux?: A },
  inputs: X,
  data: D,
): Vjp<X, Y, A> {
  const backend = programBackend()
  const asWritten = () => vjp<X, Y, A>((x) => f(x, data), inputs)
  if (!backend) return asWritten()
  const given = [...treeLeaves(inputs), ...treeLeaves(data)]
  const programs = programsOf(backend)
  const id = `vjp ${identify(owner, key, given)}`
  const known = find(programs, id)
  if (typeof known === 'object') return replayed(known, f, inputs, data)
  if (known !== 'seen') return asWritten()

  programs.set(id, 'recording')
  const forget = () => programs.delete(id)
  const forward = recordOr(forget, () =>
    backend.record(given, () => {
      const result = asWritten()
      const { value, aux } = result
      return { result, outputs: takeApart({ value, aux }).tensors }
    }),
  )
  const { value, aux, pull, dispose } = forward.result
  const output = takeApart({ value, aux }).template
  return {
    value,
    aux,
    pull(cotangents, onto) {
      const starts = cotangentLeaves(inputs, onto)
      const spent = starts.filter((start) => start !== null)
      const backward = recordOr(forget, () =>
        backend.record(
          [...takeApart(cotangents).tensors, ...spent],
          () => {
            const result = pull(cotangents, onto)
            return { result, outputs: treeLeaves(result) }
          },
          { first: forward.recording, spent: spent.length },
        ),
      )
      const compiled = backend.compile([forward.recording, backward.recording])
      const known = {
        compiled,
        output,
        cotangents: patternOf(cotangents),
        onto: starts.map((start) => start !== null),
      }
      programs.set(id, typeof compiled === 'string' ? 'refused' : { ...known, compiled })
      return backward.result
    },
    dispose() {
      if (programs.get(id) === 'recording') {
        forward.recording.dispose()
        forget()
      }
      dispose()
    },
  }
}

function replayed<X extends TensorTree, Y extends TensorTree, D extends TensorTree, A>(
  known: Known,
  f: (inputs: X, data: D) => { value: Y; aux?: A },
  inputs: X,
  data: D,
): Vjp<X, Y, A> {
  const { outputs, rest } = known.compiled.run([...treeLeaves(inputs), ...treeLeaves(data)])
  const { value, aux } = known.output.build(outputs) as { value: Y; aux: A }
  return {
    value,
    aux,
    pull(cotangents: Cotangents<Y>, onto?: Cotangents<X>) {
      try {
        const starts = cotangentLeaves(inputs, onto)
        if (patternOf(cotangents) === known.cotangents)
          return treeWithLeaves(
            inputs,
            pullReplayed(known, rest, inputs, takeApart(cotangents).tensors, starts),
          )
        // The recording is of other cotangents, so the pass runs again as written.
        return tf.tidy(() => {
          const given = rest.inputs()
          const leaves = treeLeaves(inputs).length
          const d = treeWithLeaves(data, given.slice(leaves))
          return vjp((x: X) => f(x, d), treeWithLeaves(inputs, given.slice(0, leaves))).pull(
            cotangents,
          ) as never
        })
      } finally {
        rest.dispose()
      }
    },
    dispose: () => rest.dispose(),
  }
}

/** The gradients, also where others than the recorded ones are to be added to something. */
function pullReplayed(
  known: Known,
  rest: ProgramRest,
  inputs: TensorTree,
  cotangents: readonly Tensor[],
  starts: readonly (Tensor | null)[],
): Tensor[] {
  const leaves = treeLeaves(inputs)
  return tf.tidy(() => {
    const recorded = known.onto!
    const spent = leaves.flatMap((leaf, i) => (recorded[i] ? [starts[i] ?? tf.zeros(leaf.shape)] : []))
    const gradients = rest.run([...cotangents, ...spent])
    return gradients.map((gradient, i) => {
      const start = starts[i]
      return start !== null && !recorded[i] ? tf.add(start, gradient) : gradient
    })
  })
}

/** An output that is an input is cloned, so that whoever frees outputs never frees an input. */
function withFreshOutputs<Y>(result: Y, inputs: readonly Tensor[]): Y {
  const ids = new Set(inputs.map((x) => x.id))
  const { tensors, template } = takeApart(result)
  return template.build(tensors.map((x) => (ids.has(x.id) ? tf.clone(x) : x))) as Y
}

function recordOr<T>(onError: () => void, record: () => T): T {
  try {
    return record()
  } catch (error) {
    onError()
    throw error
  }
}

function programsOf(backend: ProgramBackend): Map<string, Entry> {
  let programs = caches.get(backend)
  if (!programs) caches.set(backend, (programs = new Map()))
  return programs
}

/** The entry, moved to the end: the first one is the one not used for longest. Undefined the first time. */
function find(programs: Map<string, Entry>, id: string): Entry | undefined {
  const entry = programs.get(id)
  if (entry === undefined) {
    if (programs.size >= mostPrograms) evict(programs)
    programs.set(id, 'seen')
    return undefined
  }
  programs.delete(id)
  programs.set(id, entry)
  return entry
}

function evict(programs: Map<string, Entry>): void {
  for (const [id, entry] of programs) {
    if (entry === 'recording') continue
    if (typeof entry === 'object') entry.compiled.dispose()
    programs.delete(id)
    return
  }
}

function identify(owner: object, key: string, tensors: readonly Tensor[]): string {
  let name = names.get(owner)
  if (name === undefined) names.set(owner, (name = nextName++))
  let id = `${name} ${key}`
  for (const { dtype, shape } of tensors) id += ` ${dtype[0]}${shape.join()}`
  return id
}

/** Which leaves have a cotangent. */
function patternOf(cotangents: unknown): string {
  if (cotangents == null) return '-'
  if (cotangents instanceof tf.Tensor) return 'x'
  return `(${Object.entries(cotangents as object)
    .map(([name, child]) => `${name}:${patternOf(child)}`)
    .join()})`
}

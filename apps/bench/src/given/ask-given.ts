import { UserError } from '@ttt-e2e/cli'
import type { AskedProbes } from '../experiment/ask-probes'
import type { Benchmark } from '../tasks/benchmark'
import { isAskedOn } from '../probes/is-asked-on'
import type { Probe } from '../probes/probe'

/**
 * Those of the probes that a given model can be asked by, in sizes that need no more of a text than is read of it.
 *
 * @param only names of those that were asked for by name
 * @throws UserError for one that was asked for and can't be, with the reason
 */
export function askGiven(
  { probes, sizes, lines }: AskedProbes,
  benchmark: Benchmark,
  only?: readonly string[],
): AskedProbes {
  const refused = probes.flatMap((probe) => {
    const why = whyNot(probe, benchmark, sizes[probe.name])
    return why === undefined ? [] : [{ probe, why }]
  })
  for (const { probe, why } of only === undefined ? [] : refused)
    throw new UserError(
      `'${probe.name}' can't be asked about '${benchmark.given!.path}': ${why}; leave it out of --only`,
    )
  const asked = probes.filter((probe) => !refused.some((each) => each.probe === probe))
  const told = refused.filter(({ probe }) => probe.refuses)
  return {
    probes: asked,
    sizes: Object.fromEntries(
      asked.map(({ name }) => [name, { ...sizes[name], ...sizesOfGiven(name, sizes[name], benchmark) }]),
    ),
    lines: [...lines, ...told.map(({ probe, why }) => `${probe.name} isn't asked: ${why}`)],
  }
}

function whyNot(probe: Probe, benchmark: Benchmark, sizes: object): string | undefined {
  const { name, given } = benchmark
  if (!probe.refuses) return 'it trains, or compares what was trained, and a given model is only read with'
  if (!isAskedOn(probe, name)) return `it isn't asked on '${name}'`
  return probe.refuses(given!, benchmark, sizes)
}

/** Full attention is not trained on, and no context is timed that isn't read. */
function sizesOfGiven(name: string, given: object, { recipe: { size, evaluation } }: Benchmark): object {
  if (name === 'loss-vs-context') return { extensionSteps: 0 }
  if (name !== 'latency') return {}
  const { windows } = given as { windows: number }
  return { windows: Math.min(windows, Math.ceil(evaluation.length / size.window)) }
}

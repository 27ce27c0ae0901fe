import { UserError } from '@ttt-e2e/cli'
import { pathToFileURL } from 'node:url'
import { ownProbes } from './index'
import type { Probe } from './probe'

const needs = ['systems', 'step', 'run', 'reader'] satisfies Probe['needs'][]

/**
 * The bench's own probes and those of the caller's modules, each the default export of one.
 *
 * @param paths absolute; modules, so that every worker process can load them, too
 * @throws UserError for a module that exports none, or one whose name is taken
 */
export async function loadProbes(paths: readonly string[] = []): Promise<Probe[]> {
  const probes = [...ownProbes]
  for (const path of paths) {
    const probe = await load(path)
    if (probes.some(({ name }) => name === probe.name))
      throw new UserError(`the probe '${probe.name}' of '${path}' has a name that is taken; give it another`)
    probes.push(probe)
  }
  return probes
}

async function load(path: string): Promise<Probe> {
  let exported: { default?: Partial<Probe> }
  try {
    exported = (await import(pathToFileURL(path).href)) as typeof exported
  } catch (error) {
    throw new UserError(`the probe '${path}' can't be loaded: ${(error as Error).message}`)
  }
  const probe = exported.default
  if (
    typeof probe?.name !== 'string' ||
    !needs.some((need) => need === probe.needs) ||
    typeof probe.measure !== 'function' ||
    typeof probe.summarise !== 'function'
  )
    throw new UserError(
      `'${path}' exports no probe; its default export must have a name, needs (one of ${needs.join(', ')}), measure and summarise`,
    )
  return probe as Probe
}

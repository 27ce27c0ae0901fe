import { UserError } from '@ttt-e2e/cli'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parametersFor, takes, type PeerRequest } from './parameters'
import { readPeerSpeed, type PeerSpeed } from './peer-speed'
import { runPython } from './run-python'

/** Other implementations, measured by Python scripts that print a line of JSON for each speed. */
export interface Peers {
  /** Runs each script once, one after the other. @throws the signal's reason */
  measure(request: PeerRequest): Promise<PeerSpeed[]>
  dispose(): void
}

interface Script {
  name: string
  path: string
  /** What its --help says. */
  help: string
}

/**
 * Finds the scripts of a folder that take `--sizes`. What can't be run is told to `print` and left out.
 *
 * @throws UserError where the folder or the Python is not there, or no script
 */
export async function findPeers(
  folder: string,
  python: string,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<Peers> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`--peers is '${folder}'; it must be a folder of Python scripts`)
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => join(folder, name))
  if (paths.length === 0) throw new UserError(`--peers is '${folder}'; there is no Python script in it`)
  // Scripts may write files where they run.
  const workFolder = mkdtempSync(join(tmpdir(), 'peers-'))
  let scripts: Script[] = []
  const dispose = () => rmSync(workFolder, { recursive: true, force: true })
  const run = (script: { name: string; path: string }, parameters: readonly string[]) =>
    runPython(python, [script.path, ...parameters], { folder: workFolder, signal })
  const lacks = (name: string, missing: string) =>
    print(`${name} was left out: '${python}' has no Python package '${missing}'; install it, or give --python a Python that has it`) // prettier-ignore
  try {
    for (const path of paths) {
      const name = basename(path)
      const { lines, failure } = await run({ name, path }, ['--help'])
      const help = lines.join('\n')
      if (failure && 'missingPackage' in failure) lacks(name, failure.missingPackage)
      else if (failure) print(`${name} was left out: ${failure.message}`)
      else if (!takes(help, '--sizes')) print(`${name} was left out: it takes no --sizes`)
      else scripts.push({ name, path, help })
    }
  } catch (error) {
    dispose()
    throw error
  }
  /** Those that have failed at a size are not tried there again. */
  const failed = new Set<string>()
  return {
    async measure(request) {
      const speeds: PeerSpeed[] = []
      for (const script of scripts) {
        const place = `${script.name} ${request.size}`
        if (failed.has(place)) continue
        const parameters = parametersFor(script.help, request, join(workFolder, 'out.json'))
        if (!parameters) continue
        const { lines, failure } = await run(script, parameters)
        for (const line of lines) {
          const speed = readPeerSpeed(line, script.name)
          if (speed) speeds.push(speed)
        }
        if (!failure) continue
        failed.add(place)
        if ('missingPackage' in failure) {
          lacks(script.name, failure.missingPackage)
          scripts = scripts.filter((each) => each !== script)
        } else print(`${script.name} failed at size ${request.size}: ${failure.message}`)
      }
      return speeds
    },
    dispose,
  }
}

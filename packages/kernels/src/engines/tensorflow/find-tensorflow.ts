import { tf } from '@ttt-e2e/tensor-ops'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { reasonOf } from './reason-of'
import { withRemovedUtilities } from './removed-utilities'

/** The packages that bring TensorFlow, in the order in which they are tried. */
const packageNames = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/** TensorFlow, loaded. */
export interface Tensorflow {
  packageName: string
  /** Of TensorFlow itself. */
  version: string
  /** Whether it found a GPU that it can use. */
  usesGpu: boolean
  /** Why the packages before this one were passed over, those that are installed. */
  passedOver: string[]
}

/** What there is of Node's `require`. */
export interface Require {
  (id: string): unknown
  resolve(id: string): string
  cache: NodeJS.Dict<{ exports: unknown }>
}

interface Manifest {
  version: string
  binary: { module_name: string; module_path: string; napi_versions: number[] }
}

/** The part of the addon that says what it is. */
interface Addon {
  TF_Version: string
  isUsingGpuDevice(): boolean
}

/**
 * Loads the first of the packages that can be loaded, which registers the tfjs backend `tensorflow`. The active backend
 * stays what it was. What could fail is tried before a package gets to register anything.
 *
 * @returns in one clause for each package why there is none, and what to do
 */
export function findTensorflow(require: Require): Tensorflow | string {
  const passedOver: string[] = []
  for (const name of packageNames) {
    const manifest = resolved(require, `${name}/package.json`)
    if (manifest === undefined) continue
    const found = load(require, name, manifest)
    if (typeof found === 'object') return { ...found, passedOver }
    passedOver.push(found)
  }
  if (passedOver.length > 0) return passedOver.join('; ')
  const wanted = packageNames.map((name) => `${name}@${tf.version_core}`)
  return `neither of its packages is installed (npm install ${wanted[0]}, or without a GPU ${wanted[1]})`
}

function load(require: Require, name: string, manifestPath: string): Omit<Tensorflow, 'passedOver'> | string {
  const { version, binary } = require(manifestPath) as Manifest
  if (version !== tf.version_core)
    return `${name} is ${version}, and TensorFlow.js is ${tf.version_core} here (npm install ${name}@${tf.version_core})`
  if (!isOurs(require, createRequire(manifestPath)))
    return `${name} stands on a copy of TensorFlow.js of its own: keep one, @tensorflow/tfjs ${tf.version_core}, for all packages (\`npm ls @tensorflow/tfjs\` lists them)`
  const api = Math.max(...binary.napi_versions.filter((each) => each <= Number(process.versions.napi)))
  const folder = binary.module_path.replace('{napi_build_version}', String(api))
  const addonPath = join(dirname(manifestPath), folder, `${binary.module_name}.node`)
  if (!existsSync(addonPath))
    return `${name} has no addon: its install script was not run or failed (npm rebuild ${name}; pnpm asks for \`pnpm approve-builds\` first)`
  // TensorFlow talks of its start; whoever wants to hear it sets another level.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  const { backendName } = tf.engine()
  try {
    const addon = require(addonPath) as Addon
    withRemovedUtilities(dirname(manifestPath), () => require(name))
    return { packageName: name, version: addon.TF_Version, usesGpu: addon.isUsingGpuDevice() }
  } catch (error) {
    return reasonOf(name, error as Error)
  } finally {
    // The package makes itself the active backend.
    if (backendName && tf.getBackend() !== backendName) void tf.setBackend(backendName)
  }
}

/** Whether the TensorFlow.js that a package stands on, the whole and its core, is the one that is loaded. */
function isOurs(require: Require, fromPackage: Require): boolean {
  const whole = resolved(fromPackage, '@tensorflow/tfjs')
  if (whole === undefined) return false
  const loaded = require.cache[whole]?.exports as typeof tf | undefined
  // The core is not among the package's dependencies, and one of its files takes it all the same.
  const core = resolved(fromPackage, '@tensorflow/tfjs-core')
  return loaded?.version === tf.version && core === resolved(createRequire(whole), '@tensorflow/tfjs-core')
}

function resolved(require: Require, id: string): string | undefined {
  try {
    return require.resolve(id)
  } catch {
    return undefined
  }
}

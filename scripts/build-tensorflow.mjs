// Builds what the engine tensorflow stands on from packages of npm and PyPI alone: tfjs-node's JavaScript and addon, and the
// libtensorflow inside Python's TensorFlow. Needs Python with pip, npm and g++.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { installOnce } from './tools.mjs'

const root = resolve(import.meta.dirname, '..')

const libraryVersion = '2.21.0'

/** Where each of tfjs's packages finds libtensorflow. That for GPUs opens CUDA as it runs, and runs without one, too. */
const kinds = {
  cpu: { packageName: '@tensorflow/tfjs-node', wheel: 'tensorflow-cpu' },
  gpu: { packageName: '@tensorflow/tfjs-node-gpu', wheel: 'tensorflow' },
}
export const kindNames = Object.keys(kinds)

/** Takes the libraries and headers out of a wheel; the rest of it is Python's. */
const unpack = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist()
        if name.startswith(('tensorflow/libtensorflow_', 'tensorflow/include/'))])`

/** @returns the folder with libtensorflow and its headers, which is kept for all checkouts */
function libtensorflow(wheel) {
  const folder = installOnce(wheel, libraryVersion, (target) => {
    const python = process.env.PYTHON ?? 'python3'
    const platform = ['--only-binary', ':all:', '--platform', 'manylinux_2_27_x86_64']
    const version = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311']
    const options = ['--quiet', '--no-deps', ...platform, ...version, '--dest', target]
    run(python, ['-m', 'pip', 'download', ...options, `${wheel}==${libraryVersion}`])
    const file = join(
      target,
      `${wheel.replace('-', '_')}-${libraryVersion}-cp311-cp311-manylinux_2_27_x86_64.whl`,
    )
    run(python, ['-c', unpack, file, target])
    rmSync(file)
  })
  return join(folder, 'tensorflow')
}

/**
 * Builds one of the packages where it isn't built yet, on the copy of TensorFlow.js that this checkout has.
 *
 * @returns the folder of packages, for NODE_PATH
 */
export function buildTensorflow(kind) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `libtensorflow is taken from a wheel for Linux on x64, and this is ${process.platform} on ${process.arch}`,
    )
  const { packageName, wheel } = kinds[kind]
  const tfjs = dirname(
    createRequire(join(root, 'packages/tensor-ops/package.json')).resolve('@tensorflow/tfjs/package.json'),
  )
  const { version } = createRequire(import.meta.url)(join(tfjs, 'package.json'))
  const folder = join(root, 'node_modules/.cache/tensorflow', `${kind}-${version}-${libraryVersion}`)
  const packages = join(folder, 'node_modules')
  if (existsSync(packages)) return packages
  const library = libtensorflow(wheel)
  const partial = `${folder}-${process.pid}`
  try {
    mkdirSync(partial, { recursive: true })
    writeFileSync(join(partial, 'package.json'), '{ "private": true }')
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
    run('npm', ['install', ...quiet, `${packageName}@${version}`], partial)
    // Its TensorFlow.js, and the parts of that beside it.
    const scope = join(partial, 'node_modules/@tensorflow')
    for (const name of readdirSync(scope).filter((each) => !packageName.endsWith(`/${each}`))) {
      rmSync(join(scope, name), { recursive: true })
      symlinkSync(join(dirname(tfjs), name), join(scope, name))
    }
    compile(join(partial, 'node_modules', packageName), library)
    renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return packages
}

/** The package's addon, where its own install script would put one for the newest Node-API that it knows. */
function compile(folder, library) {
  const { binary } = createRequire(import.meta.url)(join(folder, 'package.json'))
  const api = Math.min(Number(process.versions.napi), Math.max(...binary.napi_versions))
  const headers = createRequire(join(root, 'packages/kernels/package.json'))('node-api-headers').include_dir
  mkdirSync(join(folder, `lib/napi-v${api}`), { recursive: true })
  const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) =>
    join(library, name),
  )
  const flags =
    `-std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=${api} -I.. -o lib/napi-v${api}/tfjs_binding.node`.split(' ')
  const sources = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc']
  const folders = [`-I${headers}`, `-I${library}/include`, `-Wl,-rpath,${library}`]
  run(process.env.CXX ?? 'g++', [...flags, ...folders, ...sources, ...libraries], folder)
}

function run(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (error) {
    throw new Error(
      error.code === 'ENOENT'
        ? `building tfjs-node takes ${command}, which is not there: install it`
        : `building tfjs-node failed in ${command} (above is what it said)`,
      { cause: error },
    )
  }
}

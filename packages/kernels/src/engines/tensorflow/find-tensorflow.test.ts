import { tf } from '@ttt-e2e/tensor-ops'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findTensorflow, type Require } from './find-tensorflow'

const names = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const
type Name = (typeof names)[number]

/** The one that is loaded: its main file lies in `dist`. */
const ourTfjs = dirname(
  dirname(Object.keys(createRequire(import.meta.url).cache).find((path) => path.endsWith('tf.node.js'))!),
)

interface Installed {
  version?: string
  /** What loading the addon gives, or throws; there is none where left out. */
  addon?: object | Error
}

/** A folder in which these packages are installed, beside a TensorFlow.js. @returns its `require` */
function installed(packages: Partial<Record<Name, Installed>>, tfjs: 'ours' | 'another' = 'ours'): Require {
  const folder = mkdtempSync(join(tmpdir(), 'tensorflow-'))
  const scope = join(folder, 'node_modules/@tensorflow')
  mkdirSync(scope, { recursive: true })
  if (tfjs === 'ours') symlinkSync(ourTfjs, join(scope, 'tfjs'))
  else {
    mkdirSync(join(scope, 'tfjs'))
    writeFileSync(join(scope, 'tfjs/index.js'), 'throw new Error("must not be loaded")')
  }
  const addons = new Map<string, object | Error>()
  for (const [name, { version = tf.version_core, addon }] of Object.entries(packages)) {
    const home = join(folder, 'node_modules', name)
    const binary = {
      module_name: 'addon',
      module_path: './lib/napi-v{napi_build_version}',
      napi_versions: [3, 8, 999],
    }
    mkdirSync(join(home, 'lib/napi-v8'), { recursive: true })
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name, version, binary, main: 'index.js' }))
    writeFileSync(join(home, 'index.js'), `globalThis.loadedTensorflow = ${JSON.stringify(name)}`)
    if (!addon) continue
    writeFileSync(join(home, 'lib/napi-v8/addon.node'), 'none')
    addons.set(join(home, 'lib/napi-v8/addon.node'), addon)
  }
  const require = createRequire(join(folder, 'index.js'))
  const withAddons = (id: string): unknown => {
    const addon = addons.get(id)
    if (addon instanceof Error) throw addon
    return addon ?? require(id)
  }
  return Object.assign(withAddons, { resolve: (id: string) => require.resolve(id), cache: require.cache })
}

const addon = (usesGpu: boolean) => ({ TF_Version: '2.99.0', isUsingGpuDevice: () => usesGpu })
const missing = (library: string) =>
  new Error(`${library}: cannot open shared object file: No such file or directory`)

describe('why TensorFlow is not there, and what to do', () => {
  it('says what to install where neither package is', () => {
    expect(findTensorflow(installed({}))).toBe(
      'neither of its packages is installed (npm install @tensorflow/tfjs-node-gpu@4.22.0, or without a GPU @tensorflow/tfjs-node@4.22.0)',
    )
  })

  it('takes a package of the version of TensorFlow.js alone', () => {
    expect(findTensorflow(installed({ [names[1]]: { version: '4.21.0', addon: addon(false) } }))).toBe(
      '@tensorflow/tfjs-node is 4.21.0, and TensorFlow.js is 4.22.0 here (npm install @tensorflow/tfjs-node@4.22.0)',
    )
  })

  it('loads no second copy of TensorFlow.js', () => {
    expect(findTensorflow(installed({ [names[1]]: { addon: addon(false) } }, 'another'))).toMatch(
      /^@tensorflow\/tfjs-node stands on a copy of TensorFlow.js of its own: keep one, @tensorflow\/tfjs 4.22.0,/,
    )
  })

  it('tells that the addon is not there', () => {
    expect(findTensorflow(installed({ [names[1]]: {} }))).toMatch(
      /^@tensorflow\/tfjs-node has no addon: .* \(npm rebuild @tensorflow\/tfjs-node; /,
    )
  })

  it.each([
    [
      missing('libtensorflow.so.2'),
      /lacks libtensorflow\.so\.2, which its install script downloads: .*npm rebuild/,
    ],
    [
      new Error(
        'dlopen(addon.node, 0x1): Library not loaded: @rpath/libtensorflow.2.dylib\n  Referenced from',
      ),
      /lacks libtensorflow\.2\.dylib, which its install script downloads/,
    ],
    [
      missing('libcudart.so.11.0'),
      /lacks CUDA's libcudart\.so\.11\.0: install the CUDA .* @tensorflow\/tfjs-node,/,
    ],
    [missing('libstdc++.so.6'), /lacks the system's libstdc\+\+\.so\.6$/],
    [new Error('invalid ELF header\nand more'), /could not be loaded \(invalid ELF header\)$/],
  ])('tells what an addon lacks: %s', (error, sentence) => {
    expect(findTensorflow(installed({ [names[0]]: { addon: error } }))).toMatch(sentence)
  })

  it('tells it of each package that is installed', () => {
    expect(findTensorflow(installed({ [names[0]]: {}, [names[1]]: { version: '3.0.0' } }))).toMatch(
      /^@tensorflow\/tfjs-node-gpu has no addon: .*; @tensorflow\/tfjs-node is 3\.0\.0,/,
    )
  })
})

describe('TensorFlow that is there', () => {
  const loaded = () => (globalThis as { loadedTensorflow?: string }).loadedTensorflow

  it('is that of the GPU first', () => {
    const both = { [names[0]]: { addon: addon(true) }, [names[1]]: { addon: addon(false) } }
    expect(findTensorflow(installed(both))).toEqual({
      packageName: names[0],
      version: '2.99.0',
      usesGpu: true,
      passedOver: [],
    })
    expect(loaded()).toBe(names[0])
  })

  it("is the other's where that can't be loaded, which is told", () => {
    const found = findTensorflow(
      installed({ [names[0]]: { addon: missing('libcublas.so.11') }, [names[1]]: { addon: addon(false) } }),
    )
    expect(found).toMatchObject({
      packageName: names[1],
      usesGpu: false,
      passedOver: [expect.stringContaining("CUDA's libcublas.so.11")],
    })
    expect(loaded()).toBe(names[1])
  })
})

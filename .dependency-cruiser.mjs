import { existsSync, readdirSync } from 'node:fs'

/**
 * What each package may import of the others: the arrows of CONTRIBUTING.md. Apps may import any. Circles are oxlint's
 * (`import/no-cycle`), imports that no package.json declares knip's.
 */
const model = ['tensor-ops', 'kernels', 'swa-transformer', 'ttt-inner']
const stored = [...model, 'meta-outer', 'baselines', 'data']
const arrows = {
  'tensor-ops': [],
  kernels: ['tensor-ops'],
  'swa-transformer': ['tensor-ops', 'kernels'],
  'ttt-inner': ['tensor-ops', 'kernels', 'swa-transformer'],
  'meta-outer': model,
  baselines: model,
  data: ['tensor-ops'],
  checkpoint: stored,
  training: [...stored, 'checkpoint'],
  mpi: ['tensor-ops', 'kernels'],
  cli: ['tensor-ops', 'kernels', 'data', 'checkpoint', 'demo-model', 'mpi'],
  report: [],
}

for (const name of readdirSync('packages'))
  if (existsSync(`packages/${name}/src`) && !(name in arrows))
    throw new Error(`packages/${name} is new: say in .dependency-cruiser.mjs which packages it may import`)

/** A test may train a model to have one; what is published may not. */
const tests = '([.]test[.]ts$|/testing([.]ts$|/))'

const directions = Object.entries(arrows).map(([name, allowed]) => ({
  name: `${name} imports ${allowed.join(', ') || 'no other package'}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: tests },
  to: { path: '^(apps|packages)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}))

export default {
  forbidden: [
    ...directions,
    {
      name: 'tests of packages do not import apps',
      severity: 'error',
      from: { path: `^packages/.*${tests}` },
      to: { path: '^apps/' },
    },
    {
      name: 'what a page needs imports nothing of Node',
      severity: 'error',
      from: {
        path: '^packages/(tensor-ops|kernels|swa-transformer|ttt-inner|meta-outer|baselines)/src/',
        pathNot: `(${tests}|/kernels/src/engines/|/tensor-ops/src/files/)`,
      },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'an import that is found', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    exclude: { path: '(^|/)dist/' },
    doNotFollow: { path: 'node_modules' },
    // Imports of types count.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
}

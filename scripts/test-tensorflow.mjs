// Checks the engine tensorflow on what build-tensorflow.mjs builds: every fused op to the third derivative, the golden
// cases of the repository, what `bench doctor` says, a training step. That for GPUs computes on the processor where there is
// no GPU.
//
//   node scripts/test-tensorflow.mjs [--only cpu|gpu] [--skip-ops] [FOLDER of other golden cases]
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildTensorflow, kindNames } from './build-tensorflow.mjs'
import { startChecks } from './checks.mjs'

const root = resolve(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, 'skip-ops': { type: 'boolean' } },
})
if (values.only !== undefined && !kindNames.includes(values.only)) {
  console.error(`unknown --only '${values.only}'; known: ${kindNames.join(', ')}`)
  process.exit(1)
}
const golden = positionals.length > 0 ? positionals.map((folder) => resolve(folder)) : ['fixtures/golden']
const bench = ['--conditions=source', '--import', 'tsx', 'src/main.ts']

/** Runs a program of Node in sight. @throws if it fails */
function node(folder, args, environment) {
  const env = { ...process.env, ...environment }
  const { status } = spawnSync(process.execPath, args, { cwd: join(root, folder), env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`it ended with ${status}`)
}

const { check, end } = startChecks('tensorflow')
for (const kind of values.only ? [values.only] : kindNames) {
  let packages
  await check(`${kind}: built from packages of npm and PyPI`, () => (packages = buildTensorflow(kind)))
  if (!packages) continue
  const environment = { NODE_PATH: packages, OP_SUITE_ENGINES: 'tensorflow' }
  const on = ['--engine', 'tensorflow']
  if (!values['skip-ops'])
    await check(`${kind}: every fused op and its derivatives to the third`, () => {
      const options = ['--project', 'numerics', '--maxWorkers=1', '--reporter=dot', '-t', 'on tensorflow']
      const vitest = join(root, 'node_modules/vitest/vitest.mjs')
      node(
        '.',
        [vitest, 'run', ...options, 'packages/kernels/src', '--exclude', '**/engines/**'],
        environment,
      )
    })
  for (const folder of golden)
    await check(`${kind}: conform ${folder}`, () =>
      node('apps/bench', [...bench, 'conform', folder, ...on], environment),
    )
  await check(`${kind}: bench doctor`, () => node('apps/bench', [...bench, 'doctor', ...on], environment))
  await check(`${kind}: a training step`, () => {
    const quick = ['--size', 'XS', '--systems', 'ttt-e2e', '--length', '128', '--reps', '1']
    node('apps/bench', [...bench, 'train-speed', ...quick, ...on], environment)
  })
}
end()

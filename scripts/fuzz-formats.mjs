// Opens mutations of every kind of file that models and data are read from: each must be read, or refused in a sentence,
// within a second and without more memory than twice the file. Run it as `npm run fuzz -- --format gguf --count 100000`.
import { parseArgs } from 'node:util'
import { resolveEngine } from '../packages/tensor-ops/src/index.ts'
import { fuzz } from '../packages/tensor-ops/src/testing/fuzz.ts'
import { fuzzTargets as modelFiles } from '../packages/checkpoint/src/testing/fuzz-targets.ts'
import { fuzzTargets as dataFiles } from '../packages/data/src/testing/fuzz-targets.ts'

const targets = { ...modelFiles, ...dataFiles }
const { values } = parseArgs({
  options: {
    format: { type: 'string', multiple: true, default: Object.keys(targets) },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const unknown = values.format.find((name) => !Object.hasOwn(targets, name))
if (unknown !== undefined) {
  console.error(`there is no format '${unknown}'; there are ${Object.keys(targets).join(', ')}`)
  process.exit(2)
}
await resolveEngine('cpu')
const [count, seed, from] = [values.count, values.seed, values.from].map(Number)
let failed = false
for (const name of values.format) {
  const report = await fuzz(await targets[name](), { count, seed, from })
  const { opened, refused, faults, slowestMilliseconds, mostBytes } = report
  const most = `at most ${slowestMilliseconds.toFixed()} ms and ${(mostBytes / 2 ** 20).toFixed(1)} MiB`
  console.log(`${name}: ${opened} read, ${refused} refused, ${faults.length} faults; ${most}`)
  for (const { number, what } of faults.slice(0, 5))
    console.log(`  --format ${name} --seed ${seed} --from ${number} --count 1: ${what}`)
  failed ||= faults.length > 0
}
process.exitCode = failed ? 1 : 0

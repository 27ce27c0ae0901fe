import { nodeProblem } from '@ttt-e2e/tensor-ops/supported-node'

// The first thing that a command line loads: everything else may need a newer Node.js.
const problem = nodeProblem(process.versions.node)
if (problem) {
  process.stderr.write(`${problem}\n`)
  process.exit(2)
}

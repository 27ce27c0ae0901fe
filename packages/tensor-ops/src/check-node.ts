import { nodeProblem } from './supported-node'
import { UserError } from './user-error'

// Before what older versions lack is met as a TypeError somewhere.
const problem = nodeProblem(typeof process === 'undefined' ? undefined : process.versions?.node)
if (problem) throw new UserError(problem)

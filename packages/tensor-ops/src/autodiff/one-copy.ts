import * as tf from '@tensorflow/tfjs'
import { UserError } from '../user-error'
import { tapeEngine } from './repair-tape'

/** Two copies of TensorFlow.js in one process, which share one engine and one registry of gradients. */
export class TwoCopies extends UserError {
  override readonly name = 'TwoCopies'
  override readonly code = 'two_copies'
}

/**
 * Checks that TensorFlow.js was loaded once. One that was loaded later has put its own gradients, second derivatives of which
 * are wrong, in the place of the repaired ones; of one that was loaded before, the engine is another version's.
 *
 * @throws TwoCopies
 */
export function checkOneCopy(): void {
  const { repaired } = tapeEngine()
  const later = repaired !== undefined && tf.getGradient('Select') !== repaired
  if (!later && tf.env() instanceof tf.Environment) return
  throw new TwoCopies(
    `a second copy of TensorFlow.js was loaded ${later ? 'after' : 'before'} this one, and gradients of gradients would be wrong: ` +
      `keep one, @tensorflow/tfjs ${tf.version_core}, for all packages (\`npm ls @tensorflow/tfjs-core\` lists them)`,
  )
}

import * as tf from '@tensorflow/tfjs'
import { repairTape } from './autodiff/repair-tape'

// Every package takes tfjs from here, so that nobody can differentiate with an unrepaired tape.
repairTape()

export { tf }
export type Tensor = tf.Tensor

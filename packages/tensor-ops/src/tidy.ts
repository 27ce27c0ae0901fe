import { tf } from './tf'

/** `tf.tidy` for whatever `f` returns: the tensors in it stay, all others that `f` makes are freed. */
export const tidy = <T>(f: () => T): T => tf.tidy(f as () => never) as T

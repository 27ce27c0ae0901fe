import type { Model } from '@ttt-e2e/checkpoint'

/** Tokens that are read at a time: four chunks, as a server does, so that both make the same memory to the bit. */
export const pieceLengthOf = ({ system }: Pick<Model, 'system'>): number => 4 * (system.rule?.chunk || 64)

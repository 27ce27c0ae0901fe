import type { TaskResults } from '../experiment/results'

/** What a token of a text is: a byte, or a token of a given model's tokenizer. */
export const unitOf = ({ given }: Pick<TaskResults, 'given'>): string =>
  !given || given.tokenizer === 'byte' ? 'byte' : 'token'

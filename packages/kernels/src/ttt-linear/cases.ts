import { tttCases } from '../ttt-layer/cases'

export const cases = tttCases((width) => [width])

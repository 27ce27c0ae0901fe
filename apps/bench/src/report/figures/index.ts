import type { TaskResults } from '../../results'
import type { Figure } from './figure'
import { learningFigure } from './learning-curves'
import { lossFigure } from './loss-by-index'
import { readingFigure } from './reading-speed'

/** The figures of each task, in the order of the report. */
export const figures: ((task: TaskResults) => Figure | undefined)[] = [
  lossFigure,
  learningFigure,
  readingFigure,
]

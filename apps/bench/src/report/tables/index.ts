import type { TaskResults } from '../../results'
import type { Table } from '../table'
import { differencesTable } from './differences'
import { kernelsTable } from './kernels'
import { lossTable } from './loss-by-index'
import { readingTable } from './reading-speed'
import { trainingTable } from './training'

/** The tables of each task, in the order of the report. */
export const tables: ((task: TaskResults) => Table | undefined)[] = [
  lossTable,
  differencesTable,
  trainingTable,
  readingTable,
  kernelsTable,
]

import { byteTokenizer, readBooks, splitByDocument } from '@ttt-e2e/data'
import type { Preset } from '../presets'
import type { Task } from './task'
import { textTask } from './text-task'

/** Moby Dick by chapters and the State of the Union addresses, byte by byte; every tenth document is held out. */
export function booksTask({ text: preset }: Preset): Task {
  const evaluationLength = 4 * preset.training.length
  const { train, heldOut } = splitByDocument(readBooks(byteTokenizer), {
    heldOutEvery: 10,
    minimumHeldOutLength: evaluationLength + 1,
  })
  return textTask({
    name: 'books',
    title: 'books: Moby Dick and the State of the Union addresses, bytes',
    preset,
    train,
    heldOut,
    evaluationLength,
  })
}

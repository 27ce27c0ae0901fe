import { unlessLeft } from '../../given/refusals'
import type { ReaderProbe } from '../probe'
import { askedBeside, measureNotepad, type Kept, type NotepadSizes } from './measure'
import { summariseNotepad, type NotepadSummary } from './summarise'
import { notepadTables } from './table'
import { notepadVerdict } from './verdict'

/** The same book looked up into the window, learned, and both: details to the notepad, loss to the brain? */
export const notepadAndBrain: ReaderProbe<Kept[], NotepadSummary, NotepadSizes> = {
  name: 'notepad-and-brain',
  tasks: ['books'],
  needs: 'reader',
  refuses: (given, benchmark, sizes) =>
    unlessLeft(given, benchmark, { filled: 1, beside: askedBeside(sizes) }),
  tokens: ({ recipe }, { documents, trainingLengths, details, pieces }) =>
    documents * 2 * (trainingLengths * recipe.training.length + 200 * (details + pieces)),
  measure: measureNotepad,
  summarise: summariseNotepad,
  table: notepadTables,
  verdict: notepadVerdict,
}

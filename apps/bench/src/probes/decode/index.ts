import type { ReaderProbe } from '../probe'
import { decodeFigure } from './figure'
import { measureDecode, type Decoded, type DecodeSizes } from './measure'
import { summariseDecode, type DecodeSummary } from './summarise'
import { decodeTable } from './table'
import { decodeVerdict } from './verdict'

/** What each system writes after a prompt, by index, in the eyes of a judge that is none of them. */
export const decode: ReaderProbe<Decoded[], DecodeSummary, DecodeSizes> = {
  name: 'decode',
  tasks: ['books'],
  needs: 'reader',
  tokens: (_, { documents, prompt, generated }) => documents * (prompt + 20 * generated),
  measure: measureDecode,
  summarise: summariseDecode,
  table: decodeTable,
  figure: decodeFigure,
  verdict: decodeVerdict,
  published: {
    title: 'published: 8K tokens of books, then 8K generated, scored by Qwen3-8B-Base',
    columns: ['what was found'],
    rows: [["ttt-e2e's text scores lower than full attention's"], ['both jump where the prompt ends']],
    note: 'arXiv 2512.23675, figure 7; 512 sequences, temperature 1, top-p 0.95, repetition penalty 1.1',
  },
}

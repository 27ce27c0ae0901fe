import { bytesOfFile, compressionOf } from './file-bytes'
import { readJsonFile } from './json-file'
import { readJsonLines, type NumberedText } from './json-lines'
import { readParquet } from './parquet'

/** How a file that holds many documents is read. */
export type ReadDocuments = (file: string, textField: string) => AsyncIterable<NumberedText>

const lines: ReadDocuments = (file, textField) => readJsonLines(bytesOfFile(file), file, textField)

/** Files that are no plain text by the last part of their names, in lower case; a new format is a line. */
const formats: ReadonlyMap<string, ReadDocuments> = new Map([
  ['.jsonl', lines],
  ['.jsonlines', lines],
  ['.ndjson', lines],
  ['.json', (file, textField) => readJsonFile(bytesOfFile(file), file, textField)],
  ['.parquet', readParquet],
])

/** How a file is read by its name, which may end in how it is compressed; undefined for one that is a plain text. */
export function formatOf(file: string): ReadDocuments | undefined {
  const name = compressionOf(file).name.toLowerCase()
  return [...formats].find(([ending]) => name.endsWith(ending))?.[1]
}

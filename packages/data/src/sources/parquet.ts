import { open } from 'node:fs/promises'
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { readingFlags } from '@ttt-e2e/tensor-ops/files'
import { DataError } from '../data-error'
import { NotText, textOfBytes } from './bytes-of-text'
import type { NumberedText } from './json-lines'
import { textOfRecord } from './text-of-record'

/**
 * The texts of a Parquet file's rows, read a group of rows at a time and of these only the column with the text.
 *
 * @param textField the column
 * @throws DataError naming file and row and what is wrong; file system errors
 */
export async function* readParquet(
  file: string,
  textField: string,
): AsyncGenerator<NumberedText, void, void> {
  const handle = await open(file, readingFlags(file))
  try {
    const buffer: AsyncBuffer = {
      byteLength: (await handle.stat()).size,
      async slice(start, end = buffer.byteLength) {
        const bytes = new Uint8Array(end - start)
        await handle.read(bytes, 0, bytes.length, start)
        return bytes.buffer
      },
    }
    const metadata = await sound(file, () => parquetMetadataAsync(buffer))
    checkColumn(file, metadata, textField)
    let rowStart = 0
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows)
      const rows = await sound(file, () =>
        parquetReadObjects({
          file: buffer,
          metadata,
          columns: [textField],
          rowStart,
          rowEnd,
          compressors,
          utf8: false,
          parsers: { stringFromBytes: decoded },
        }),
      )
      for (const row of rows) {
        rowStart++
        const value: unknown = row[textField]
        const where = `row ${rowStart} of '${file}'`
        if (value instanceof NotText) throw new DataError(`${where} ${value.reason}`)
        yield { number: rowStart, text: textOfRecord(row, where, textField) }
      }
      rowStart = rowEnd
    }
  } finally {
    await handle.close()
  }
}

/** The text, or what is wrong with it: which row it is of is known later. */
function decoded(bytes: Uint8Array | undefined): string | NotText | undefined {
  try {
    // Not from a beginning of a file: a mark there is a character.
    return bytes && textOfBytes(bytes, 1)
  } catch (error) {
    if (error instanceof NotText) return error
    throw error
  }
}

function checkColumn(file: string, { schema }: FileMetaData, textField: string): void {
  const columns = schema.slice(1).map(({ name }) => name)
  if (columns.includes(textField)) return
  throw new DataError(
    `'${file}' has no column '${textField}': it has ${columns.map((name) => `'${name}'`).join(', ')}; ` +
      '--text-field says which holds the text',
  )
}

async function sound<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error
    // Where bytes lie, what reads them fails in words of its own.
    const reason =
      error instanceof TypeError || error instanceof RangeError ? 'it is damaged' : (error as Error).message
    throw new DataError(`'${file}' can't be read as Parquet: ${reason}`)
  }
}

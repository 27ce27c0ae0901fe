import { numberBytes, Unreadable, type Cursor, type NumberKind } from './cursor'

export type MetadataValue = string | number | boolean | string[] | number[] | boolean[]
export type Metadata = ReadonlyMap<string, MetadataValue>

/** The types of values by their number in the file. */
const boolType = 7
const textType = 8
const arrayType = 9
const numberTypes: Readonly<Record<number, NumberKind>> = {
  0: 'Uint8',
  1: 'Int8',
  2: 'Uint16',
  3: 'Int16',
  4: 'Uint32',
  5: 'Int32',
  6: 'Float32',
  10: 'BigUint64',
  11: 'BigInt64',
  12: 'Float64',
}

/** Key and value, so many times. @throws Unreadable for anything that is no metadata */
export function readMetadata(cursor: Cursor, count: number): Map<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>()
  for (let i = 0; i < count; i++) {
    const key = cursor.text(`the key of metadata ${i}`)
    if (metadata.has(key)) throw new Unreadable(`its metadata has '${key}' twice`)
    metadata.set(key, readValue(cursor, cursor.u32(`the type of '${key}'`), key))
  }
  return metadata
}

function readValue(cursor: Cursor, type: number, key: string): MetadataValue {
  if (type !== arrayType) return readOne(cursor, type, key)
  const of = cursor.u32(`the type of '${key}'`)
  const count = cursor.u64(`the count of '${key}'`)
  if (of === arrayType) throw new Unreadable(`'${key}' is a list of lists, which no model has`)
  const least = of === textType ? 8 : of === boolType ? 1 : numberBytes[kindOf(of, key)]
  if (count * least > cursor.left)
    throw new Unreadable(`'${key}' claims ${count} values, the file has ${cursor.left} bytes more`)
  const values: (string | number | boolean)[] = []
  for (let i = 0; i < count; i++) values.push(readOne(cursor, of, key))
  return values as MetadataValue
}

function readOne(cursor: Cursor, type: number, key: string): string | number | boolean {
  if (type === textType) return cursor.text(`'${key}'`)
  if (type === boolType) return cursor.number('Uint8', `'${key}'`) !== 0
  return cursor.number(kindOf(type, key), `'${key}'`)
}

function kindOf(type: number, key: string): NumberKind {
  const kind = numberTypes[type]
  if (kind === undefined) throw new Unreadable(`'${key}' is of type ${type}, which is none of GGUF's`)
  return kind
}

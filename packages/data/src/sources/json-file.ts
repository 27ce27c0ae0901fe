import { DataError } from '../data-error'
import type { NumberedText } from './json-lines'
import { textOfJson } from './text-of-record'
import { joined } from '../joined'

/**
 * The texts of a JSON file: of each object of an array, or of one object. It is cut into its objects while it is read,
 * so that it may be of any size.
 *
 * @param textField the field of each object that holds the text
 * @throws DataError naming file and element and what is wrong with it
 */
export async function* readJsonFile(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  textField: string,
): AsyncGenerator<NumberedText, void, void> {
  const elements = new Elements()
  let number = 0
  const textOf = (element: Uint8Array): NumberedText => {
    number++
    if (!elements.isArray) return { text: textOfJson(element, `'${file}'`, textField) }
    return { number, text: textOfJson(element, `element ${number} of '${file}'`, textField) }
  }
  for await (const piece of bytes) {
    for (const element of elements.push(piece)) yield textOf(element)
    if (elements.problem !== undefined) throw new DataError(`'${file}' ${elements.problem}`)
  }
  if (elements.isOpen)
    throw new DataError(`'${file}' is cut off: it ends within its JSON; write or copy it again`)
}

const [quote, backslash, comma] = Buffer.from('"\\,')
const closeArray = 0x5d
const openings = new Set(Buffer.from('[{'))
const closings = new Set(Buffer.from(']}'))
const blanks = new Set(Buffer.from(' \t\r\n'))

/** Cuts JSON that comes in pieces at the commas of its outermost array; whether an element is JSON, others say. */
class Elements {
  isArray = false
  problem: string | undefined
  private depth = 0
  private inString = false
  private escaped = false
  private begun = false
  private ended = false
  private held: Uint8Array[] = []
  /** Elements of the array so far, for one that ends at once. */
  private count = 0

  get isOpen(): boolean {
    return this.begun && !this.ended
  }

  *push(piece: Uint8Array): Generator<Uint8Array, void, void> {
    let start = this.begun ? 0 : piece.length
    for (
      let i = this.begun || piece[0] !== 0xef ? 0 : 3;
      i < piece.length && this.problem === undefined;
      i++
    ) {
      const byte = piece[i]
      if (this.inString) {
        if (this.escaped) this.escaped = false
        else if (byte === backslash) this.escaped = true
        else if (byte === quote) this.inString = false
      } else if (this.ended || !this.begun) {
        if (blanks.has(byte)) continue
        this.begin(byte)
        start = this.isArray ? i + 1 : i
      } else if (byte === quote) this.inString = true
      else if (openings.has(byte)) this.depth++
      else if (byte === comma && this.isArray && this.depth === 1) {
        yield this.element(piece.subarray(start, i))
        start = i + 1
      } else if (closings.has(byte) && --this.depth === 0) {
        const last = this.element(this.isArray ? piece.subarray(start, i) : piece.subarray(start, i + 1))
        this.ended = true
        if ((byte === closeArray) !== this.isArray) this.problem = 'is not JSON: its brackets do not match'
        if (this.count > 1 || last.some((each) => !blanks.has(each))) yield last
      }
    }
    if (this.begun && !this.ended) this.held.push(piece.slice(start))
  }

  private begin(byte: number): void {
    if (this.ended)
      this.problem = 'goes on after its JSON; where each line is an object of its own, name it .jsonl'
    else if (!openings.has(byte))
      this.problem = 'is not JSON of objects; it must be an array of them or one object'
    this.begun = true
    this.isArray = byte === 0x5b
    this.depth = 1
  }

  private element(rest: Uint8Array): Uint8Array {
    this.count++
    const pieces = [...this.held, rest]
    this.held = []
    return joined(pieces)
  }
}

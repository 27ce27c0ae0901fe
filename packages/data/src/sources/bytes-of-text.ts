import { DataError } from '../data-error'

/** Bytes that are not UTF-8 text; the message goes on after what holds them. */
export class NotText extends DataError {
  constructor(
    /** What is the matter, as `is UTF-16, …`. */
    readonly reason: string,
  ) {
    super(reason)
  }
}

/**
 * The text of UTF-8 bytes, without a byte order mark.
 *
 * @param at where the bytes begin in their file
 * @throws NotText with the offset of the first bad byte and what the bytes look like instead
 */
export function textOfBytes(bytes: Uint8Array, at = 0): string {
  const nul = bytes.indexOf(0)
  // Some formats begin with bytes that are text, too.
  if (nul < 0 && !(at === 0 && formatOf(bytes)))
    try {
      // Only at the beginning of a file is it a mark; elsewhere it is a character.
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: at > 0 }).decode(bytes)
    } catch {
      // What is wrong with it is found out below.
    }
  const bad = firstBadByte(nul < 0 ? bytes : bytes.subarray(0, nul)) ?? Math.max(0, nul)
  throw new NotText(`${look(bytes, at, bad)} (first bad byte at ${at + bad})`)
}

/** An object's first key, or that of a list's first object. */
const beginningOfJson = /^\s*(?:\[\s*)?\{\s*"(?:[^"\\\n]|\\.)*"\s*:/

/** Documents in JSON would be read with their braces. @param text the beginning of what should be a plain text @throws NotText */
export function refuseJson(text: string): void {
  if (beginningOfJson.test(text) || isListOfObjects(text.trimStart().split('\n', 1)[0]))
    throw new NotText('is JSON; name it .jsonl if each line is an object, else .json')
}

/** Whether a line is a JSON list that has an object somewhere, as lines of rows are. */
function isListOfObjects(line: string): boolean {
  if (!/^\[.*\{\s*"/.test(line)) return false
  try {
    return Array.isArray(JSON.parse(line))
  } catch {
    return false
  }
}

const formats: readonly (readonly [magic: readonly number[], sentence: string, at?: number])[] = [
  [[0x1f, 0x8b], 'is gzip data; name it .gz, after what is in it, as notes.txt.gz'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'is zstd data; name it .zst, after what is in it, as notes.txt.zst'],
  [[0x50, 0x41, 0x52, 0x31], 'is Parquet; name it .parquet'],
  [
    [0x50, 0x4b, 3, 4],
    'is a zip archive, or a document that is one inside; unpack it or save it as plain text',
  ],
  [[0x25, 0x50, 0x44, 0x46, 0x2d], 'is a PDF; convert it to plain text, as with pdftotext'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'is xz data; decompress it, as with unxz, or make .gz or .zst of it'],
  [
    [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59],
    'is bzip2 data; decompress it, as with bunzip2, or make .gz or .zst of it',
  ],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'is a 7z archive; unpack it'],
  [[0x7b, 0x5c, 0x72, 0x74, 0x66], 'is RTF; save it as plain text'],
  [[0x75, 0x73, 0x74, 0x61, 0x72], 'is a tar archive; unpack it', 257],
]

/** What bytes are that are not UTF-8, and what to do about it. */
function look(bytes: Uint8Array, at: number, bad: number): string {
  const format = at === 0 && formatOf(bytes)
  if (format) return format
  const utf16 = utf16Of(bytes, at)
  if (utf16 !== undefined)
    return `looks like ${utf16}, not UTF-8; convert it, as with: iconv -f ${utf16} -t UTF-8`
  if (bytes[bad] === 0) return 'holds NUL bytes, so it is not text'
  if (isCutOff(bytes, bad)) return 'is cut off within a character; copy it again'
  if (isWindows1252(bytes))
    return 'looks like Windows-1252, not UTF-8; convert it, as with: iconv -f WINDOWS-1252 -t UTF-8'
  return isOfAnotherEncoding(bytes)
    ? 'looks like text of an encoding before UTF-8; convert it, as with: iconv -f ITS-ENCODING -t UTF-8'
    : 'is not text; a document must be UTF-8 without NUL characters'
}

const formatOf = (bytes: Uint8Array): string | undefined =>
  formats.find(([magic, , at = 0]) => magic.every((byte, i) => bytes[at + i] === byte))?.[1]

/** Whether only the end of the last character is missing, of a text that is UTF-8 by the characters before it. */
const isCutOff = (bytes: Uint8Array, bad: number): boolean =>
  bad >= bytes.length - 3 &&
  bytes[bad] >= 0xc2 &&
  bytes.subarray(bad + 1).every((byte) => (byte & 0xc0) === 0x80) &&
  bytes.subarray(0, bad).some((byte) => byte >= 0x80)

/** By its mark, or by its NULs: text of most languages has them in every other place. */
function utf16Of(bytes: Uint8Array, at: number): string | undefined {
  if (at === 0 && bytes[0] === 0xff && bytes[1] === 0xfe)
    return bytes[2] === 0 && bytes[3] === 0 ? 'UTF-32' : 'UTF-16'
  if (at === 0 && bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16'
  const nuls = [0, 0]
  const looked = Math.min(bytes.length, 4096)
  for (let i = 0; i < looked; i++) if (bytes[i] === 0) nuls[(at + i) % 2]++
  const half = looked / 2
  if (nuls[1] > 0.4 * half && nuls[0] < 0.02 * half) return 'UTF-16LE'
  return nuls[0] > 0.4 * half && nuls[1] < 0.02 * half ? 'UTF-16BE' : undefined
}

/** No control characters but white space, none of the five bytes that have no character, and mostly ASCII. */
function isWindows1252(bytes: Uint8Array): boolean {
  const looked = bytes.subarray(0, 1 << 16)
  if (hasControls(looked) || looked.some((byte) => noCharacter.has(byte))) return false
  return looked.reduce((count, byte) => count + Number(byte < 0x80), 0) > looked.length / 2
}

/** Of alphabets that are not Latin most bytes are none of ASCII; lines and blanks are in all encodings. */
function isOfAnotherEncoding(bytes: Uint8Array): boolean {
  const looked = bytes.subarray(0, 1 << 16)
  return !hasControls(looked) && looked.some((byte) => byte === 0x20 || byte === 0x0a)
}

const noCharacter = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d])
const hasControls = (bytes: Uint8Array) => bytes.some((byte) => byte < 0x20 && (byte < 9 || byte > 13))

/** Where UTF-8 is first broken: the byte that begins what is no character, or whose character is cut off. */
function firstBadByte(bytes: Uint8Array): number | undefined {
  for (let i = 0; i < bytes.length;) {
    const length = characterLength(bytes, i)
    if (length === 0) return i
    i += length
  }
  return undefined
}

/** Bytes of the character that begins at i; 0 where none does (Unicode, table 3-7). */
function characterLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]
  if (first < 0x80) return 1
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  for (let k = 1; k < length; k++) {
    const next = bytes[i + k]
    if (!(next >= (k === 1 ? lowest : 0x80) && next <= (k === 1 ? highest : 0xbf))) return 0
  }
  return length
}

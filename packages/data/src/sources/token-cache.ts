import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { asFileError, readWholeFile, streamOfFile, writeFolderDurably } from '@ttt-e2e/tensor-ops/files'
import { recordOfTokenizer } from '../tokenizers/registry'
import type { Tokenizer } from '../tokenizers/tokenizer'
import type { AnyCorpus, AnyDocument, PassedOver } from './document'
import { compressionOf } from './file-bytes'
import { readTexts, textFilesAt, type TextFiles } from './read-texts'
import { StoredTokens, TokensFile, type Segment } from './stored-tokens'
import { corpusOf, readTextCorpus, type TextCorpusOptions } from './text-corpus'
import { inFewestBytes, type TokenWidth } from './token-list'

export interface CachedCorpusOptions extends TextCorpusOptions {
  /** Where tokens of large texts are kept; below `XDG_CACHE_HOME` or `~/.cache` where left out. */
  cache?: string
  /** Bytes of text up to which tokens stay in memory and nothing is kept; 256 MiB when absent. */
  inMemoryBytes?: number
  /** Told how far the reading is, of all files' bytes: first they are hashed, then, once only, tokenised. */
  onProgress?(what: 'hashed' | 'tokenised', share: number): void
}

const usualInMemory = 2 ** 28
/** Of compressed text, about. */
const compressedRatio = 4

const fileNames = { tokens: 'tokens.bin', index: 'index.json' }
/** Of how a cache is written. */
const version = 1

/** Each document's segments, in the order of the file, as width and length. */
interface CacheIndex {
  documents: { id: string; at: number; segments: [width: TokenWidth, length: number][] }[]
  passedOver: PassedOver[]
}

/**
 * What `readTextCorpus` reads, but of large texts the tokens lie in a file and are read part by part: a corpus may be larger
 * than memory. The file is made once for the same content, tokenizer and text field, wherever the text lies.
 *
 * @throws as `readTextCorpus`; FileError where the cache can't be written
 */
export async function openTextCorpus(
  path: string,
  tokenizer: Tokenizer,
  options: CachedCorpusOptions = {},
): Promise<AnyCorpus> {
  const files = textFilesAt(path)
  const bytes = files.files.reduce((sum, file) => sum + textBytes(file.path), 0)
  if (bytes <= (options.inMemoryBytes ?? usualInMemory)) return readTextCorpus(path, tokenizer, options)
  const key = await keyOf(files, tokenizer, options)
  const folder = join(options.cache ?? cacheFolder(), key)
  if (!existsSync(folder)) await writeCache(folder, files, tokenizer, options)
  const file = new TokensFile(join(folder, fileNames.tokens))
  const index = JSON.parse(readWholeFile(join(folder, fileNames.index)).toString()) as CacheIndex
  const documents = index.documents.map(({ id, at, segments }): AnyDocument => ({
    id,
    tokens: new StoredTokens(file, placed(at, segments)),
  }))
  return corpusOf(path, documents, index.passedOver)
}

const cacheFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ttt-e2e', 'tokens')

const textBytes = (path: string): number =>
  statSync(path).size * (compressionOf(path).compression === undefined ? 1 : compressedRatio)

function placed(at: number, segments: readonly [TokenWidth, number][]): Segment[] {
  return segments.map(([width, length]) => {
    const segment = { at, width, length }
    at += width * length
    return segment
  })
}

/** Of the content of all files and what they are tokenised by. */
async function keyOf(
  { files, passedOver }: TextFiles,
  tokenizer: Tokenizer,
  { textField, onProgress }: CachedCorpusOptions,
): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([version, recordOfTokenizer(tokenizer), textField ?? null, passedOver]))
  const total = files.reduce((sum, { path }) => sum + statSync(path).size, 0)
  let read = 0
  for (const { id, path } of files) {
    const content = createHash('sha256')
    try {
      for await (const piece of streamOfFile(path) as AsyncIterable<Uint8Array>) {
        content.update(piece)
        read += piece.length
        onProgress?.('hashed', total === 0 ? 1 : read / total)
      }
    } catch (error) {
      throw asFileError(error, { path, attempt: 'read' })
    }
    hash.update(JSON.stringify([id, content.digest('hex')]))
  }
  return hash.digest('hex')
}

async function writeCache(
  folder: string,
  files: TextFiles,
  tokenizer: Tokenizer,
  options: CachedCorpusOptions,
): Promise<void> {
  const index: CacheIndex = { documents: [], passedOver: [] }
  const total = files.files.reduce((sum, { path }) => sum + textBytes(path), 0)
  let read = 0

  async function* tokens(): AsyncGenerator<Uint8Array, void, void> {
    let [at, end] = [0, 0]
    let segments: [TokenWidth, number][] = []
    for await (const event of readTexts(files, options)) {
      if (event.kind === 'piece') {
        const piece = inFewestBytes(tokenizer.encode(event.text))
        segments.push([piece.BYTES_PER_ELEMENT as TokenWidth, piece.length])
        end += piece.byteLength
        read += event.text.length
        options.onProgress?.('tokenised', Math.min(1, read / total))
        yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
        continue
      }
      // What was written of a file that is no text after all stays there, and nobody's.
      if (event.kind === 'document') index.documents.push({ id: event.id, at, segments })
      else index.passedOver.push({ id: event.id, reason: event.reason })
      segments = []
      at = end
    }
  }

  await writeFolderDurably(folder, async (write) => {
    await write(fileNames.tokens, tokens())
    await write(fileNames.index, JSON.stringify(index))
  })
}

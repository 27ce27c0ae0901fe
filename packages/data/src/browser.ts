export { DataError } from './data-error'
export type { EncodeOptions, Tokenizer } from './tokenizers/tokenizer'
export { renderChat, type ChatMessage } from './tokenizers/chat-template'
export { transcriptOf, type Transcript } from './tokenizers/transcript'
export { blankTokens } from './tokenizers/blank-tokens'
export { StopAt } from './tokenizers/stop-at'
export { DecodeStream, longestUnfinished } from './tokenizers/decode-stream'
export { byteTokenizer } from './tokenizers/byte/byte-tokenizer'
export { symbolTokenizer } from './tokenizers/symbols/symbol-tokenizer'
export {
  createTokenizer,
  recordOfTokenizer,
  tokenizers,
  type TokenizerMaker,
  type TokenizerRecord,
} from './tokenizers/registry'
export {
  blocksOf,
  type AnyCorpus,
  type AnyDocument,
  type Corpus,
  type Document,
  type PassedOver,
  type TokenRange,
  type Tokens,
} from './sources/document'
export { readingPieces } from './sources/reading-pieces'
export { passagesOf } from './sources/shared-passage'
export { halfCharacterIn } from './half-character'
export { splitByDocument, type Split, type SplitOptions } from './sources/split-by-document'
export { bigramDocument, type BigramDocument, type BigramLanguage } from './sources/bigram-languages'
export {
  needleDocument,
  needleKinds,
  needleLength,
  needleTrainingDocument,
  needleVocabulary,
  valueLength,
  type NeedleDocument,
  type NeedleKind,
} from './sources/needle'
export { bigramOracle, type BigramOracleOptions } from './oracles/bigram-oracle'
export { stackReach } from './oracles/stack-reach'
export type { Batch } from '@ttt-e2e/tensor-ops'
export type { Cursor, StreamOptions } from './stream/stream-options'
export { bigramStream, type BigramStreamOptions } from './stream/bigram-stream'
export { textStream, type TextStreamOptions } from './stream/text-stream'
export { packedStream, type PackedStreamOptions } from './stream/packed-stream'
export { sampleStream, type SampleStreamOptions } from './stream/sample-stream'
export type { TokenArray } from './sources/token-arrays/token-array'
export {
  readSample,
  samplesOf,
  tokenArrayStream,
  type TokenArrayStreamOptions,
} from './stream/token-array-stream'
export { indexShuffle } from './stream/index-shuffle'
export { lossMask } from './stream/loss-mask'
export { checkTokens } from './stream/check-tokens'
export { ZarrProblem } from './zarr/array-metadata'
export { unpackZstd } from './zarr/unpack-zstd'
export { openZarrArray, type ZarrArray, type ZarrStore } from './zarr/zarr-array'

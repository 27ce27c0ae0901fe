import MiniSearch from 'minisearch'
import { byteCodec, type TextCodec } from '../text-of'

/** Passages of a text to look up by words, ranked by BM25: the notepad. */
export class Notepad {
  private readonly search = new MiniSearch<{ id: number; text: string }>({ fields: ['text'] })
  private readonly passages: Int32Array[] = []

  /**
   * @param tokens of the text
   * @param length of a passage; each begins half of it after the one before
   */
  constructor(
    tokens: Int32Array,
    length: number,
    private readonly codec: TextCodec = byteCodec,
  ) {
    const step = length >> 1
    for (let at = 0; at + length <= tokens.length; at += step)
      this.passages.push(tokens.subarray(at, at + length))
    this.search.addAll(this.passages.map((passage, id) => ({ id, text: codec.textOf(passage) })))
  }

  /** The passage that fits the words of a text best; undefined where none has any of them. */
  find(words: Int32Array): Int32Array | undefined {
    const [best] = this.search.search(this.codec.textOf(words))
    return best && this.passages[best.id as number]
  }
}

import type { Format } from './format'
import { gguf } from './gguf/format'
import { huggingFaceFolder } from './hugging-face/format'
import { orbax } from './orbax/format'
import { tttE2eFolder } from './ttt-e2e/format'

/** Every format that models are read from. */
export const formats: readonly Format[] = [tttE2eFolder, orbax, huggingFaceFolder, gguf]

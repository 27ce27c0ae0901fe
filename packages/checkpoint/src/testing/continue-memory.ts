import { loadMemory } from '../memory-on-disk'
import { loadModel } from '../load-model'

// Goes on from a memory file with a text; prints what it read and the logits of the next token.
const [engine, folder, file, text] = process.argv.slice(2)
const model = await loadModel(folder, { engine })
const memory = loadMemory(model, file)
const before = memory.tokens
let read = 0
await model.read(text, { memory, onProgress: ({ losses }) => (read += losses.length) })
const logits = Buffer.from((await memory.reader.nextLogits()).buffer).toString('hex')
process.stdout.write(JSON.stringify({ before, read, steps: memory.steps, logits }))

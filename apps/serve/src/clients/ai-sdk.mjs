// The AI SDK as its users run it, against the server at a URL: prints what it was answered, as JSON.
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'

const openai = createOpenAI({ baseURL: process.argv[2], apiKey: 'sesame' })
const answers = {}
for (const kind of ['chat', 'completion', 'responses']) {
  const asked = {
    model: openai[kind]('tiny'),
    prompt: 'Who?',
    maxOutputTokens: 8,
    temperature: 0,
    maxRetries: 0,
  }
  const { text, usage } = await generateText(asked)
  let streamed = ''
  for await (const piece of streamText(asked).textStream) streamed += piece
  answers[kind] = { text, streamed, outputTokens: usage.outputTokens }
}
console.log(JSON.stringify(answers))

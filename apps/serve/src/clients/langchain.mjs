// LangChain as its users run it, against the server at a URL: prints what it was answered, as JSON.
import { ChatOpenAI, OpenAI } from '@langchain/openai'

const fields = {
  apiKey: 'sesame',
  configuration: { baseURL: process.argv[2] },
  model: 'tiny',
  temperature: 0,
  maxTokens: 8,
  maxRetries: 0,
}
const chat = new ChatOpenAI(fields)
const completion = new OpenAI(fields)

async function all(stream, textOf) {
  let text = ''
  for await (const piece of await stream) text += textOf(piece)
  return text
}

console.log(
  JSON.stringify({
    chat: {
      invoked: (await chat.invoke('Who?')).content,
      batch: (await chat.batch(['Who?', 'Where?'])).map((message) => message.content),
      streamed: await all(chat.stream('Who?'), (piece) => piece.content),
    },
    completion: {
      invoked: await completion.invoke('It is '),
      batch: await completion.batch(['It is ', 'The sea ']),
      streamed: await all(completion.stream('It is '), (piece) => piece),
    },
  }),
)

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listeningApp, tinyModel } from '../testing'

let test: Awaited<ReturnType<typeof listeningApp>>
beforeAll(async () => {
  test = await listeningApp(await tinyModel(), { apiKey: 'sesame' })
})
afterAll(() => test.close())

async function ask(path: string, body: object) {
  const answer = await fetch(`${test.url}/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sesame' },
    body: JSON.stringify({ temperature: 0, max_tokens: 8, ...body }),
  })
  return (await answer.json()).choices[0]
}
const chat = async (content: string): Promise<string> =>
  (await ask('/chat/completions', { messages: [{ role: 'user', content }] })).message.content
const complete = async (prompt: string): Promise<string> => (await ask('/completions', { prompt })).text

/** What a client, in a process of its own, was answered. */
async function answersOf(client: string) {
  const script = fileURLToPath(new URL(`./${client}.mjs`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script, `${test.url}/v1`], {
    timeout: 60_000,
  })
  return JSON.parse(stdout)
}

it('answers the AI SDK: chat, completions and responses, whole and streamed', async () => {
  const answers = await answersOf('ai-sdk')
  const text = await chat('Who?')
  expect([answers.chat.text, answers.responses.text]).toEqual([text, text])
  for (const kind of ['chat', 'completion', 'responses']) {
    expect(answers[kind].streamed).toBe(answers[kind].text)
    expect(answers[kind].outputTokens).toBeGreaterThan(0)
  }
}, 90_000)

it('answers LangChain: chat and completions, invoked, in batches and streamed', async () => {
  const answers = await answersOf('langchain')
  const [who, where] = [await chat('Who?'), await chat('Where?')]
  expect(answers.chat).toEqual({ invoked: who, batch: [who, where], streamed: who })
  const [it_, sea] = [await complete('It is '), await complete('The sea ')]
  expect(answers.completion).toEqual({ invoked: it_, batch: [it_, sea], streamed: it_ })
}, 90_000)

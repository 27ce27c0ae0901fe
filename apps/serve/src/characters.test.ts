import { afterAll, beforeAll, expect, it } from 'vitest'
import { shown } from './http/characters'
import { testApp, tinyModel, type TestApp } from './testing'

let test: TestApp
beforeAll(async () => void (test = testApp(await tinyModel())))
afterAll(() => test.services.dispose())

const halves = ['\\ud83d', '\\udc0b', 'a\\ud83d\\ud83d\\udc0b', '\\udc0b\\ud83d']

it('refuses half a character wherever it stands, and names the place', async () => {
  const headers = { 'content-type': 'application/json' }
  for (const half of halves) {
    const cases: [path: string, body: string, param: string][] = [
      ['/v1/completions', `{"prompt": "${half}"}`, 'prompt'],
      ['/v1/completions', `{"prompt": "It", "stop": "${half}"}`, 'stop'],
      ['/v1/completions', `{"prompt": "It", "stop": ["a", "${half}"]}`, 'stop.1'],
      ['/v1/completions', `{"prompt": "It", "user": "${half}"}`, 'user'],
      ['/v1/memories', `{"text": "${half}"}`, 'text'],
      ['/v1/memories', `{"text": "It", "name": "${half}"}`, 'name'],
      ['/v1/memories/mem_0/read', `{"text": "${half}"}`, 'text'],
      ['/v1/memories/mem_0/fork', `{"name": "${half}"}`, 'name'],
    ]
    for (const [path, body, param] of cases) {
      const answer = await test.request('POST', path, body, headers)
      expect({ path, body, status: answer.status, ...(await answer.json()) }).toMatchObject({
        status: 400,
        error: { code: 'half_character', param, message: expect.stringMatching(/half a character/) },
      })
    }
  }
  // As UTF-8 would write one, if it could.
  for (const type of ['text/plain', 'application/json']) {
    const body = Buffer.concat([
      Buffer.from('{"text": "'),
      Buffer.from([0xed, 0xa0, 0xbd]),
      Buffer.from('"}'),
    ])
    const answer = await test.request('POST', '/v1/memories', body, { 'content-type': type })
    expect(answer.status).toBe(400)
  }
  expect(await test.service.memories.list()).toEqual([])
})

it('takes whole characters of any kind', async () => {
  const text = 'naïve 鯨 🐋 👩‍👩‍👧'
  const answer = await test.request('POST', '/v1/memories', { text, name: text })
  expect(await answer.json()).toMatchObject({ name: text, tokens: Buffer.from(text).length })
})

it('ends no answer within a character, nor a piece of one', async () => {
  const [headers, sampling] = [{ accept: 'text/event-stream' }, { temperature: 2, top_p: 1 }]
  for (let seed = 0; seed < 30; seed++) {
    const most = 1 + (seed % 7)
    const body = { prompt: '🐋🐋🐋', max_tokens: most, seed, stop: ['🐋', '\u{1f40c}'] }
    const { choices } = await (await test.request('POST', '/v1/completions', body)).json()
    expect(choices[0].text).not.toMatch(/\p{Surrogate}/u)
    if (seed > 9) continue
    const messages = [{ role: 'user', content: '🐋' }]
    for (const [path, asked] of [
      ['/v1/completions', { ...body, stream: true }],
      ['/v1/chat/completions', { messages, max_tokens: most, seed, stream: true }],
      ['/v1/responses', { input: '🐋', max_output_tokens: most, stream: true }],
    ] as const) {
      const text = await (await test.request('POST', path, { ...asked, ...sampling }, headers)).text()
      expect(text).toContain('data: {')
      expect(text).not.toMatch(/\\ud[89a-f]/i)
    }
  }
})

it('shows clients what they sent in whole characters', () => {
  expect(shown('🐋'.repeat(3), 2)).toBe('🐋🐋…')
  expect(shown('a\ud83d')).toBe('a\ufffd')
  expect(shown('short')).toBe('short')
})

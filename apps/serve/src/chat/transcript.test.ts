import { expect, it } from 'vitest'
import { byteTokenizer } from '@ttt-e2e/data'
import { transcriptOf } from './transcript'

const messages = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: 'Who?' },
]

it('writes paragraphs where a model has no template', async () => {
  expect(await transcriptOf(byteTokenizer, messages)).toEqual({
    text: 'system: Be kind.\n\nuser: Who?\n\nassistant:',
    special: false,
    stop: ['\nsystem:', '\nuser:', '\ntool:'],
  })
})

it("writes as the model's template does, and lets it name special tokens", async () => {
  const chatTemplate =
    '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}{% if tools %}{{ tools | length }}{% endif %}'
  expect(await transcriptOf({ ...byteTokenizer, chatTemplate }, messages)).toEqual({
    text: '<|system|>Be kind.<|end|><|user|>Who?<|end|><|assistant|>',
    special: true,
    stop: [],
  })
  expect((await transcriptOf({ ...byteTokenizer, chatTemplate }, messages, [{}, {}])).text).toMatch(/2$/)
})

it("says in the template's words what it refuses", async () => {
  const chatTemplate = "{{ raise_exception('roles must alternate') }}"
  await expect(transcriptOf({ ...byteTokenizer, chatTemplate }, messages)).rejects.toThrow(
    "messages: the chat template can't render this conversation: roles must alternate",
  )
})

import { expect, it } from 'vitest'
import { transcriptOf } from './transcript'

const messages = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: 'Who?' },
]

it('writes paragraphs where a model has no template', () => {
  expect(transcriptOf({}, messages)).toEqual({
    text: 'system: Be kind.\n\nuser: Who?\n\nassistant:',
    special: false,
    stop: ['\nsystem:', '\nuser:', '\ntool:'],
  })
})

it("writes as the model's template does, and lets it name special tokens", () => {
  const chatTemplate =
    '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}{% if tools %}{{ tools | length }}{% endif %}'
  expect(transcriptOf({ chatTemplate }, messages)).toEqual({
    text: '<|system|>Be kind.<|end|><|user|>Who?<|end|><|assistant|>',
    special: true,
    stop: [],
  })
  expect(transcriptOf({ chatTemplate }, messages, [{}, {}]).text).toMatch(/2$/)
})

it("says in the template's words what it refuses", () => {
  const chatTemplate = "{{ raise_exception('roles must alternate') }}"
  expect(() => transcriptOf({ chatTemplate }, messages)).toThrow(
    "messages: the model's chat template says: roles must alternate",
  )
})

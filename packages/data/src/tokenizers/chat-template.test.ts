import { expect, it } from 'vitest'
import { byteTokenizer } from './byte/byte-tokenizer'
import { renderChat } from './chat-template'

const messages = [{ role: 'user', content: 'Hi' }]
const chatTemplate =
  '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}bot:{% endif %}'

it('renders a conversation', async () => {
  expect(await renderChat({ ...byteTokenizer, chatTemplate }, messages)).toBe('user: Hi\nbot:')
  const closed = await renderChat({ ...byteTokenizer, chatTemplate }, messages, {
    addGenerationPrompt: false,
  })
  expect(closed).toBe('user: Hi\n')
})

it('says what can’t be rendered', async () => {
  await expect(renderChat(byteTokenizer, messages)).rejects.toThrow('this model has no chat template')
  const raising = { ...byteTokenizer, chatTemplate: "{{ raise_exception('roles must alternate') }}" }
  await expect(renderChat(raising, messages)).rejects.toThrow(
    "can't render this conversation: roles must alternate",
  )
})

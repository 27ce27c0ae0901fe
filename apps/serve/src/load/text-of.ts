import { createRandom } from '@ttt-e2e/tensor-ops'

const words =
  'the sea a whale of ship was in and captain white deep no more than night it sails before'.split(' ')

/** Words in a random order, so many bytes of them. */
export function textOf(bytes: number, seed: number): string {
  const random = createRandom(seed)
  let text = ''
  while (text.length < bytes) text += `${words[random.integer(words.length)]} `
  return text.slice(0, bytes)
}

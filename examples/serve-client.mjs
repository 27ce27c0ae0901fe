// A client of apps/serve, which is at SERVER: gives it a text to read, forks the memory and has it go on. No package needed.
const server = process.env.SERVER ?? 'http://localhost:8080'

async function post(path, body, type = 'application/json') {
  const text = type === 'application/json' ? JSON.stringify(body) : body
  const answer = await fetch(server + path, { method: 'POST', headers: { 'content-type': type }, body: text })
  const result = await answer.json()
  if (!answer.ok) throw new Error(`${path}: ${result.error.message}`)
  return result
}

const memory = await post('/v1/memories', 'Call me Ishmael. Some years ago. '.repeat(20), 'text/plain')
console.log(`read ${memory.tokens} tokens in ${memory.steps} steps of learning into ${memory.bytes} bytes`)

const fork = await post(`/v1/memories/${memory.id}/fork`, { name: 'another way' })
for (const { id } of [memory, fork]) {
  const { choices, usage } = await post('/v1/completions', {
    memory: id,
    prompt: 'Call me',
    max_tokens: 12,
    seed: 1,
  })
  console.log(
    `goes on with ${JSON.stringify(choices[0].text)}: ${usage.tokens_reused} tokens were not read again`,
  )
}

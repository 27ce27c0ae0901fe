// Tries the server's API as its own description says it is, by schemathesis (`pip install schemathesis`; SCHEMATHESIS names
// it): whatever the schema allows is answered, and as it says; nothing is a fault of the server, and nothing hangs.
// `node scripts/check-api.mjs --seconds 600`; what else is given goes to schemathesis.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values, tokens } = parseArgs({
  options: { seconds: { type: 'string', default: '120' } },
  strict: false,
  tokens: true,
})
const own = new Set(tokens.filter(({ name }) => name === 'seconds').map(({ index }) => index))
const rest = process.argv.slice(2).filter((_, i) => !own.has(i) && !own.has(i - 1))

const program = process.env.SCHEMATHESIS ?? 'schemathesis'
if (spawnSync(program, ['--version']).error) {
  console.error(
    `there is no ${program}; install it with pip install schemathesis, or say where it is by SCHEMATHESIS`,
  )
  process.exit(2)
}

const serve = join(fileURLToPath(new URL('..', import.meta.url)), 'apps/serve')
const tsx = createRequire(join(serve, 'package.json')).resolve('tsx')
const key = 'a-key-for-this-check'
// Answers are short, so that many are had. Memories and responses make room for others.
const limits = ['--max-tokens', '8', '--max-memories', '100000', '--threads', '1']
const server = spawn(
  process.execPath,
  ['--conditions=source', '--import', tsx, 'src/main.ts', '--port', '0', '--api-key', key, ...limits],
  { cwd: serve, stdio: ['ignore', 'pipe', 'inherit'] },
)
let said = ''
for await (const text of server.stdout.setEncoding('utf8')) if (/ready: \S+\n/.test((said += text))) break
const url = /ready: (\S+)/.exec(said)?.[1]
if (url === undefined) process.exit(2)

// What is a memory's file a schema can't say.
const config = join(mkdtempSync(join(tmpdir(), 'check-api-')), 'schemathesis.toml')
writeFileSync(
  config,
  '[[operations]]\ninclude-name = "POST /v1/memories/import"\nchecks.positive_data_acceptance.expected-statuses = ["2xx", "4xx"]\n',
)
const asked = ['--max-time', values.seconds, '--request-timeout', '20', '--max-response-time', '10']
const usual = ['--continue-on-failure', '--generation-database', 'none']
const header = ['--header', `Authorization: Bearer ${key}`]
const check = spawn(
  program,
  ['--config-file', config, 'run', `${url}/openapi.json`, ...header, ...asked, ...usual, ...rest],
  { stdio: 'inherit' },
)
const [code] = await once(check, 'exit')
server.kill()
await once(server, 'exit')
process.exitCode = code ?? 1

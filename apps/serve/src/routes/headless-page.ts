import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** A browser on this machine; $CHROME names another. */
export function findBrowser(): string | undefined {
  const candidates = [process.env.CHROME, 'chromium', 'chromium-browser', 'google-chrome']
  return candidates.find((name) => name && spawnSync(name, ['--version']).status === 0)
}

/** The answer to a call, or an event, which has a method and no id. */
interface Message {
  id?: number
  method?: string
  result: Record<string, unknown>
  error?: { message: string }
}

/** A page in a browser without a window, driven over its DevTools pipe: messages of JSON, each ended by a NUL. */
export async function openPage(browser: string, url: string) {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'))
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
  const child = spawn(browser, [...flags, '--remote-debugging-pipe'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as unknown as Readable]
  const waiting = new Map<number | string, (message: Message) => void>()
  let rest = ''
  from.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0')
    rest = messages.pop()!
    for (const message of messages) {
      const parsed = JSON.parse(message) as Message
      waiting.get(parsed.id ?? parsed.method!)?.(parsed)
    }
  })
  const next = (what: number | string) => new Promise<Message>((resolve) => waiting.set(what, resolve))
  let calls = 0
  const call = async (method: string, params: object, sessionId?: unknown) => {
    const id = ++calls
    const answered = next(id)
    to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    const { result, error } = await answered
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
  await call('Page.enable', {}, sessionId)
  const loaded = next('Page.loadEventFired')
  await call('Page.navigate', { url }, sessionId)
  await loaded
  return {
    /** The value of an expression, awaited. @throws what it throws */
    async evaluate(expression: string): Promise<unknown> {
      const parameters = { expression, awaitPromise: true, returnByValue: true }
      const { result, exceptionDetails } = await call('Runtime.evaluate', parameters, sessionId)
      const thrown = (exceptionDetails as { exception?: { description?: string } } | undefined)?.exception
      if (thrown) throw new Error(thrown.description)
      return (result as { value: unknown }).value
    },
    async close(): Promise<void> {
      child.kill()
      await ended
    },
  }
}

import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { FileError } from './file-error'
import { checkNotLocked, folderLock, lockFolder } from './folder-lock'

let folder: string
let lock: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'))
  lock = join(folder, '.lock')
})

/** A process that locks the folder, says so, and waits. */
async function holder(script = 'process.stdin.resume()') {
  const module = JSON.stringify(join(import.meta.dirname, 'folder-lock.ts'))
  const code = `import(${module}).then(({ lockFolder }) => {
    try { lockFolder(${JSON.stringify(folder)}); console.log('locked') } catch (error) { console.log(error.message); process.exit(3) }
    ${script}
  })`
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', '-e', code], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said = await new Promise<string>((resolve) =>
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim())),
  )
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, said, ended }
}

it('refuses a second writer with the process id of the first', async () => {
  const first = await holder()
  expect(first.said).toBe('locked')
  const refused = () => lockFolder(folder)
  expect(refused).toThrow(FileError)
  expect(refused).toThrow(`process ${first.child.pid} writes to it; end that one first`)
  first.child.stdin.end()
  first.child.kill('SIGKILL')
  await first.ended
})

it('is released by its process, by its end, and by its death', async () => {
  const release = lockFolder(folder)
  expect(() => lockFolder(folder)).toThrow(`process ${process.pid} writes to it`)
  release()
  expect(existsSync(lock)).toBe(false)

  const ending = await holder('process.exit(0)')
  expect([ending.said, await ending.ended]).toEqual(['locked', 0])
  expect(existsSync(lock)).toBe(false)

  const killed = await holder()
  killed.child.kill('SIGKILL')
  await killed.ended
  expect(existsSync(lock)).toBe(true)
  lockFolder(folder)()
  expect(readdirSync(folder)).toEqual([])
})

it('is not kept by another process that was given the same id', () => {
  const release = lockFolder(folder)
  const own = JSON.parse(readFileSync(lock, 'utf8'))
  release()
  if (process.platform === 'linux') expect(own.started).toMatch(/ \d+$/)
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const stale = [
    { ...own, pid },
    ...(own.started === undefined ? [] : [{ ...own, started: `${own.started}0` }]),
  ]
  for (const each of stale) {
    writeFileSync(lock, JSON.stringify(each))
    lockFolder(folder)()
  }
})

it('of another machine is kept, and says what to do if that is gone', () => {
  writeFileSync(lock, JSON.stringify({ pid: 1, host: `not-${hostname()}` }))
  expect(() => lockFolder(folder)).toThrow(/process 1 of not-.* writes to it; .* delete .*\.lock/)
})

it('that was never written counts once it is old enough to be one of a dead process', () => {
  writeFileSync(lock, '')
  expect(() => lockFolder(folder)).toThrow(/another process writes to it/)
  utimesSync(lock, new Date(0), new Date(0))
  lockFolder(folder)()
})

it('is had by one of several that find a dead one', async () => {
  writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }))
  const all = await Promise.all([1, 2, 3].map(() => holder()))
  expect(all.filter(({ said }) => said === 'locked')).toHaveLength(1)
  for (const { child } of all) child.kill('SIGKILL')
  await Promise.all(all.map(({ ended }) => ended))
})

it('keeps out whoever else writes there beside others, and only while its process lives', () => {
  checkNotLocked(folder)
  const release = lockFolder(folder)
  expect(() => checkNotLocked(folder)).toThrow(`process ${process.pid} writes to it; end that one first`)
  release()
  checkNotLocked(folder)
  writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }))
  checkNotLocked(folder)
})

it('that is a folder is told by its own path', () => {
  mkdirSync(lock)
  for (const ask of [lockFolder, folderLock, checkNotLocked])
    expect(() => ask(folder)).toThrow(
      `'${lock}' can't be used: a folder stands where a file is expected (EISDIR)`,
    )
})

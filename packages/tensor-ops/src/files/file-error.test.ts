import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { UserError } from '../user-error'
import { writeFileDurably, writeFolderDurably } from './durable-files'
import { asFileError, FileError } from './file-error'
import { isThere } from './is-there'
import { makeFolder } from './make-folder'
import { readWholeFile } from './read-whole-file'
import { readingFlags } from './reading-flags'
import { streamOfFile } from './stream-of-file'

const folder = mkdtempSync(join(tmpdir(), 'file-errors-'))
chmodSync(folder, 0o755)
const at = (name: string) => join(folder, name)
writeFileSync(at('file'), '')
symlinkSync('loop', at('loop'))
symlinkSync('second', at('first'))
symlinkSync('first', at('second'))
writeFileSync(at('large'), '')
truncateSync(at('large'), 2 ** 31)

/** What is told of an error that is thrown. */
async function told(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
  } catch (error) {
    const known = asFileError(error)
    expect(known).toBeInstanceOf(FileError)
    expect(known).toBeInstanceOf(UserError)
    return (known as FileError).message.replaceAll(`${folder}/`, '')
  }
  throw new Error('nothing was refused')
}

/** By a user whom permissions hold for, which they don't for root. */
function asOther(attempt: () => void): void {
  if (process.geteuid!() !== 0) return attempt()
  process.seteuid!(65534)
  try {
    attempt()
  } finally {
    process.seteuid!(0)
  }
}

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'))
    return true
  } catch {
    return false
  }
}

const cases: [what: string, attempt: () => unknown, sentence: string | RegExp][] = [
  [
    'a file where a folder is expected',
    () => writeFileDurably(at('file/report.html'), 'x'),
    "'file/report.html' can't be written: a file stands where a folder is expected (ENOTDIR)",
  ],
  [
    'a folder where a file is expected',
    () => readWholeFile(folder),
    /^'.*' can't be read: a folder stands where a file is expected \(EISDIR\)$/,
  ],
  ['a link to itself', () => readdirSync(at('loop')), "'loop' can't be used: a link leads to itself (ELOOP)"],
  [
    'a folder below a link to itself',
    () => makeFolder(at('loop/runs')),
    "'loop/runs' can't be used: a link leads to itself (ELOOP)",
  ],
  [
    'a loop of links, which is there and is nothing',
    () => isThere(at('first')),
    "'first' can't be used: a link leads to itself (ELOOP)",
  ],
  [
    'a file that is too large to be read in one piece',
    () => readWholeFile(at('large')),
    "'large' can't be read: it is not below 2 GiB, and is read in one piece",
  ],
  [
    'a folder to be made where a file stands',
    () => makeFolder(at('file')),
    "'file' can't be used: a file stands where a folder is expected (EEXIST)",
  ],
  [
    'a name that is too long',
    () => writeFolderDurably(at('n'.repeat(300)), async () => {}),
    /^'n+' can't be written: the name is too long \(ENAMETOOLONG\)$/,
  ],
]
if (process.platform !== 'win32') {
  mkdirSync(at('read-only'), { mode: 0o555 })
  writeFileSync(at('secret'), 'x', { mode: 0 })
  cases.push([
    'a folder that can only be read',
    () => asOther(() => makeFolder(at('read-only/run'))),
    "'read-only/run' can't be used: permission is denied (EACCES)",
  ])
  cases.push([
    'a file that can not be read',
    () => asOther(() => readWholeFile(at('secret'))),
    "'secret' can't be read: permission is denied (EACCES)",
  ])
}
if (existsSync('/proc/self')) {
  cases.push([
    'a folder that the system makes up',
    () => makeFolder('/proc/x/y'),
    "'/proc/x' can't be used: there is no such file or folder (ENOENT)",
  ])
  cases.push([
    'an unreadable file',
    () => readWholeFile('/proc/self/mem'),
    /^'\/proc\/self\/mem' can't be read: the disk fails \(EIO\)$/,
  ])
}
if (isReadable('/proc/kmsg'))
  cases.push([
    'a file that the system makes up, without an end',
    () => readWholeFile('/proc/kmsg'),
    "'/proc/kmsg' can't be read: nothing more is there to be read yet, and there is no end of it (EAGAIN)",
  ])
if (existsSync('/dev/full'))
  cases.push([
    'a full disk, whose file Node does not name',
    () => appendFileSync('/dev/full', 'x'),
    "'a file' can't be used: no space is left on the disk (ENOSPC)",
  ])

if (spawnSync('mkfifo', [at('pipe')]).status === 0) {
  cases.push([
    'a pipe that nobody writes into',
    () => readWholeFile(at('pipe')),
    "'pipe' can't be read: a pipe stands where a file is expected; write what comes out of it to a file, and name that",
  ])
  cases.push([
    'a pipe that nobody reads from',
    () => writeFileDurably(at('pipe'), 'x'),
    "'pipe' can't be written: nothing is there to take it: no device, or nobody at the other end of a pipe (ENXIO)",
  ])
}
for (const device of ['/dev/zero', '/dev/ptmx'].filter((path) => existsSync(path)))
  for (const read of [readWholeFile, streamOfFile])
    cases.push([
      `a device that gives bytes for ever, or none and no end: ${device}, ${read.name}`,
      () => read(device),
      `'${device}' can't be read: a device stands where a file is expected; write what is wanted of it to a file, and name that`,
    ])
if (existsSync('/dev/full'))
  cases.push([
    'a device that takes nothing',
    () => writeFileDurably('/dev/full', 'x'),
    "'/dev/full' can't be written: no space is left on the disk (ENOSPC)",
  ])

it.each(cases)('%s is told in one sentence: which, why', async (_, attempt, sentence) => {
  expect(await told(attempt)).toMatch(sentence)
})

it('says what is left or to do, by whoever is nearest', () => {
  const full = Object.assign(new Error('no'), { code: 'ENOSPC', syscall: 'write' })
  const first = asFileError(full, { path: 'a', attempt: 'written', remains: 'b is there' }) as FileError
  expect(first.message).toBe("'a' can't be written: no space is left on the disk (ENOSPC); b is there")
  expect(asFileError(first, { remains: 'nothing is' })).toBe(first)
  expect(first.with('c is there').message).toMatch(/\(ENOSPC\); c is there$/)
  expect([first, new FileError('a', { reason: 'someone has it' })].map(({ isForRoom }) => isForRoom)).toEqual(
    [true, false],
  )
})

it('takes a pipe that has no place of its own, as a shell hands one on', () => {
  const path = at('passing')
  if (!existsSync('/dev/fd') || spawnSync('mkfifo', [path]).status !== 0) return
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  expect(() => readingFlags(path)).toThrow('a pipe stands where a file is expected')
  rmSync(path)
  expect(readingFlags(`/dev/fd/${reader}`)).toBe(constants.O_RDONLY)
  closeSync(reader)
})

it('leaves errors of programs, sockets and of the program itself what they are', async () => {
  const { error: program } = spawnSync(join(folder, 'no-such-program'))
  const socket = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve))
  for (const error of [program, socket, new TypeError('x'), undefined, 'text'])
    expect(asFileError(error)).toBe(error)
})

it('makes folders below folders, also where another process is quicker', () => {
  makeFolder(at('a/b/c'))
  makeFolder(at('a/b/c'))
  mkdirSync(at('a/b/d'))
  expect(readdirSync(at('a/b'))).toEqual(['c', 'd'])
})

it('leaves what was there before, and nothing else, where a file or folder can not be written', async () => {
  makeFolder(at('kept/report'))
  writeFileSync(at('kept/report/before'), 'x')
  expect(() => writeFileDurably(at('kept/report'), 'x')).toThrow(/kept\/report' can't be written/)
  const stopped = writeFolderDurably(at('kept/other'), async (write) => {
    await write('half', 'x')
    throw Object.assign(new Error('no'), { code: 'ENOSPC', syscall: 'fsync' })
  })
  await expect(stopped).rejects.toThrow(/kept\/other' can't be written: no space is left/)
  expect(readdirSync(at('kept'))).toEqual(['report'])
})

it('writes what a link leads to, and what a device takes, and leaves both what they are', () => {
  writeFileSync(at('target'), 'before')
  symlinkSync('target', at('link'))
  writeFileDurably(at('link'), 'after')
  expect(readlinkSync(at('link'))).toBe('target')
  expect(readFileSync(at('target'), 'utf8')).toBe('after')
  if (!existsSync('/dev/null')) return
  symlinkSync('/dev/null', at('nowhere'))
  writeFileDurably(at('nowhere'), 'x')
  expect(statSync(at('nowhere')).isCharacterDevice()).toBe(true)
})

it('says that nothing is below a file', () => {
  expect([isThere(at('file')), isThere(at('file/run')), isThere(at('none'))]).toEqual([true, false, false])
})

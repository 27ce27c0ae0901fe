import { UserError } from '../user-error'

/** A file or folder that the system refuses. The message is one sentence: which one, why, and what remains or what to do. */
export class FileError extends UserError {
  override readonly name = 'FileError'
  override readonly code: string = 'file_error'

  /** @param path what was refused @param refusal why, and what is left or to do */
  constructor(
    readonly path: string,
    readonly refusal: Refusal,
  ) {
    const { reason, attempt = 'used', remains } = refusal
    super(`'${path}' can't be ${attempt}: ${reason}${remains === undefined ? '' : `; ${remains}`}`)
  }

  /** Why, in words. */
  get reason(): string {
    return this.refusal.reason
  }

  /** Whether it is room that is missing, so that making some helps. */
  get isForRoom(): boolean {
    return this.refusal.systemCode === 'ENOSPC' || this.refusal.systemCode === 'EDQUOT'
  }

  /** The same with what is left, or what to do. */
  with(remains: string): FileError {
    return new FileError(this.path, { ...this.refusal, remains })
  }
}

interface Refusal {
  /** Why, in words, with the system's own code where it is the system's: `no space is left on the disk (ENOSPC)`. */
  reason: string
  systemCode?: string
  /** What can't be done. */
  attempt?: Attempt
  /** What is left, or what to do. */
  remains?: string
}

type Attempt = 'used' | 'read' | 'written'

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EAGAIN: 'nothing more is there to be read yet, and there is no end of it',
  EBUSY: 'another program uses it',
  EDQUOT: 'the quota of the disk is used up',
  EEXIST: 'something of that name stands there',
  EFBIG: 'it would be larger than the file system allows',
  EINVAL: 'the file system does not allow it',
  EIO: 'the disk fails',
  EISDIR: 'a folder stands where a file is expected',
  ELOOP: 'a link leads to itself',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open',
  ENODEV: 'the device is not there',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'no space is left on the disk',
  ENOTDIR: 'a file stands where a folder is expected',
  ENOTEMPTY: 'it is not empty',
  ENXIO: 'nothing is there to take it: no device, or nobody at the other end of a pipe',
  EPERM: 'the system does not permit it',
  EROFS: 'the disk can only be read',
  ESTALE: 'the network file system has lost it',
  ETIMEDOUT: 'the network file system does not answer',
  ETXTBSY: 'it is a program that runs',
}

/** Node's names of what it does with files; errors of sockets and of other programs have others. */
const calls = new Set(
  (
    'access chmod close copyfile fdatasync fstat fsync ftruncate link lstat mkdir mkdtemp open opendir read readlink ' +
    'realpath rename rm rmdir scandir stat statfs symlink unlink utime write'
  ).split(' '),
)

/**
 * An error of the file system as a sentence; any other error as it is. The one place that decides how such an error is
 * told: those who know the file or what remains say so, and commands pass on whatever reaches them.
 *
 * @param known what the caller knows: Node names no file where it writes to one that is open
 */
export function asFileError(
  error: unknown,
  known: { path?: string; attempt?: Attempt; remains?: string } = {},
): unknown {
  if (error instanceof FileError)
    // Whoever was nearer to it knows better.
    return known.remains === undefined || error.refusal.remains !== undefined
      ? error
      : error.with(known.remains)
  if (!isOfFileSystem(error)) return error
  const { code, path = 'a file' } = error
  const reason = `${Object.hasOwn(words, code) ? words[code] : 'the system refuses'} (${code})`
  return new FileError(known.path ?? path, { ...known, reason, systemCode: code })
}

interface FileSystemError extends Error {
  code: string
  syscall: string
  path?: string
}

function isOfFileSystem(error: unknown): error is FileSystemError {
  if (!(error instanceof Error)) return false
  const { code, syscall, path } = error as Partial<FileSystemError>
  if (typeof code !== 'string' || syscall === undefined || !calls.has(syscall)) return false
  return path !== undefined || Object.hasOwn(words, code)
}

/**
 * What a command prints decides nothing: where the reader of its output has gone (`| head`), its terminal is closed or its
 * disk is full, the command does its work to the end, and its exit code is what it would have been. Whoever has gone isn't
 * told; that a disk is full is said once, on stderr.
 */
export function outliveOutput(): void {
  process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOSPC' || code === 'EDQUOT')
      process.stderr.write(
        `nothing more can be printed: no space is left on the disk of the output (${code})\n`,
      )
  })
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

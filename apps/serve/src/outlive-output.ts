/** What a server says decides nothing: where nobody reads it any more, or its disk is full, it goes on serving. */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

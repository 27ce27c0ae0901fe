/** The first `count` items of a stream, which is then closed. */
export async function take<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) {
    items.push(item)
    if (items.length === count) break
  }
  return items
}

/** Runs a generator to its end. @param each told of what it yields @returns what it returns */
export async function finish<T, End>(
  messages: AsyncGenerator<T, End, void>,
  each: (message: T) => void = () => {},
): Promise<End> {
  for (;;) {
    const { done, value } = await messages.next()
    if (done) return value
    each(value)
  }
}

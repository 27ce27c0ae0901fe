/** Waits for the first message, so that what is wrong from the start is answered with a status of its own. */
export async function primed<T>(
  messages: AsyncGenerator<T, void, void>,
): Promise<AsyncGenerator<T, void, void>> {
  const first = await messages.next()
  return (async function* () {
    try {
      if (first.done) return
      yield first.value
      yield* messages
    } finally {
      await messages.return()
    }
  })()
}

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

/** Gives items as they come until an abort, which throws its reason at once, also while an item is waited for. */
export async function* untilAborted<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
  })
  aborted.catch(() => {})
  try {
    signal.throwIfAborted()
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), aborted])
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    // Not waited for: what never comes must not hold up whoever aborts.
    Promise.resolve(iterator.return?.()).catch(() => {})
  }
}

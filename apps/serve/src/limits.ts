/** What one client can ask of the server, so that it can't take it from the others. */
export const defaultLimits = {
  /** Requests that take turns at the model. */
  parallel: 16,
  /** Requests that wait for one of those places; further ones are told to come back. */
  queue: 32,
  /** Tokens that a completion may ask for. */
  maxTokens: 4096,
  /** Bytes of a JSON body. */
  bodyBytes: 4 * 2 ** 20,
  /** Bytes of a text that is streamed into a memory. */
  textBytes: 2 ** 30,
  /** Bytes of a memory that is imported. */
  importBytes: 2 ** 30,
  memories: 256,
  /** Responses that others can go on from; the one that was used least recently makes room. */
  responses: 256,
  /** Beginnings of texts that are kept as read, for texts that begin the same; 0 for none. */
  prefixes: 32,
  /** Bytes of all memories together; tensors that forks share count for each. */
  memoryBytes: 2 * 2 ** 30,
  /** Bytes of the memories whose tensors are at hand, where a store keeps all of them; others come back from it. */
  liveBytes: 2 * 2 ** 30,
  /** Bytes of all files of the store, after which what was used least recently makes room; what is pinned stays. */
  storeBytes: Infinity,
  /** Seconds without a byte of a body, or without a piece of a text being read, after which its request is given up. */
  idleSeconds: 30,
  /** Seconds of silence after which a stream says that it is still at work. */
  silenceSeconds: 5,
}

export type Limits = typeof defaultLimits

/** A request that the server refused, or that never reached it: a sentence for people. */
export class RequestError extends Error {
  override readonly name = 'RequestError'

  /**
   * @param code the server's word for it; `unreachable` where there was no answer
   * @param param the field of the request that is to blame, where one is
   */
  constructor(
    message: string,
    readonly code: string,
    readonly param: string | null = null,
  ) {
    super(sentence(message))
  }
}

/** Of what the server says in the middle of other words. */
function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

import { RequestError } from '../api/request-error'
import { state, type Place } from './page-state'

/** What is wrong with something that someone has given, and where. */
export class GivenError extends Error {
  constructor(
    readonly place: Place,
    message: string,
  ) {
    super(message)
  }
}

/** Does something, and says beside a place what went wrong with it, if anything did. @returns whether nothing did */
export async function trying(place: Place, work: () => Promise<void>): Promise<boolean> {
  clear(place)
  try {
    await work()
    return true
  } catch (error) {
    const { name, message } = error as Error
    if (name === 'AbortError') return false
    if (error instanceof RequestError && error.code === 'invalid_api_key') askForKey()
    else say(error instanceof GivenError ? error.place : place, message)
    return false
  }
}

export function clear(place: Place): void {
  if (state.problems.value[place] === undefined) return
  const { [place]: _, ...rest } = state.problems.value
  state.problems.value = rest
}

function say(place: Place, message: string): void {
  state.problems.value = { ...state.problems.value, [place]: message }
}

/** Nothing can be done until there is one that the server knows. */
function askForKey(): void {
  if (state.key.value !== '')
    say('key', 'The server doesn’t know this key. Look for a letter too many or too few.')
  state.status.value = 'needs-key'
}

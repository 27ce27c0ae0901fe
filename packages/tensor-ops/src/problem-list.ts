/** At the most this many problems stand in a sentence. */
const shown = 12
/** Characters of one of them: names come from files, which may claim any. */
const longest = 300

/** Everything that is wrong with something as a part of one sentence: the first problems, and how many more there are. */
export function problemList(problems: readonly string[]): string {
  const more = problems.length > shown ? `; and ${problems.length - shown} more` : ''
  return `${problems
    .slice(0, shown)
    .map((problem) => legible(problem))
    .join('; ')}${more}`
}

/**
 * A text from outside on one line: control characters and halves of characters are written as escapes, and what is too long
 * to be read is left out of its middle.
 */
export function legible(text: string, most = longest): string {
  const kept = text.length <= most ? text : `${text.slice(0, most - 60)}…${text.slice(-50)}`
  // oxlint-disable-next-line no-control-regex
  return kept.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/gu, escaped)
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

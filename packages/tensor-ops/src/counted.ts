/**
 * How many of something, in words: `1 step`, `2 steps`, `0 memories`.
 *
 * @param options.many of more than one; with an s where left out
 * @param options.as how the number is written
 */
export function counted(
  count: number,
  one: string,
  { many = `${one}s`, as = String(count) }: { many?: string; as?: string } = {},
): string {
  return `${as} ${count === 1 ? one : many}`
}

import type { z } from 'zod'

/**
 * What is wrong with a recipe, in the words of its fields: where a value was given that a schema refuses, which it is and
 * what is allowed. What follows from the number of steps isn't told beside it.
 *
 * @param given what was checked
 */
export function problemsInWords({ issues }: z.ZodError, given: unknown): string[] {
  const paths = issues.map(({ path }) => path.join('.'))
  const steps = paths.find((path) => path.endsWith('schedule.steps'))
  const schedule = steps?.replace(/steps$/, '')
  const told = new Map<string, string>()
  issues.forEach((issue, i) => {
    const path = paths[i]
    const follows = schedule !== undefined && path !== steps && path.startsWith(schedule)
    if (!follows && !told.has(path)) told.set(path, inWords(issue, path, valueAt(given, issue.path)))
  })
  return [...told.values()]
}

function inWords(issue: z.core.$ZodIssue, path: string, value: unknown): string {
  const rule = ruleOf(issue)
  return rule === undefined
    ? `${path}: ${issue.message}`
    : `${path}: ${JSON.stringify(value)} was given; it must be ${rule}`
}

function ruleOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'too_small' && issue.origin !== 'string')
    return `${issue.inclusive ? 'from' : 'above'} ${issue.minimum}${issue.inclusive ? ' up' : ''}`
  if (issue.code === 'too_big' && issue.origin !== 'string')
    return `${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`
  if (issue.code === 'too_small') return 'a text that is not empty'
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_type' && issue.expected === 'int') return 'a whole number'
  return undefined
}

const valueAt = (given: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given)

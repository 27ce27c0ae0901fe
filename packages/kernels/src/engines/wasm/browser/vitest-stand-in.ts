// As much of vitest as the op suite needs, for a page: registers tests like it, then runs them in turn.
type Action = () => unknown
type Body = (context: { skip(reason: string): never }) => unknown

interface Group {
  path: string[]
  before: Action[]
  beforeEach: Body[]
  after: Action[]
  tests: { name: string; body: Body }[]
}

class Skipped extends Error {}

const groups: Group[] = []
let current: Group = { path: [], before: [], beforeEach: [], after: [], tests: [] }

export function describe(name: string, define: Action): void {
  const outer = current
  current = { path: [...outer.path, name], before: [], beforeEach: [], after: [], tests: [] }
  groups.push(current)
  define()
  current = outer
}
export const it = (name: string, body: Body) => void current.tests.push({ name, body })
it.for =
  <T>(values: readonly T[]) =>
  (name: string, body: (value: T, context: Parameters<Body>[0]) => unknown) => {
    for (const value of values) it(name.replace('%s', String(value)), (context) => body(value, context))
  }
export const beforeAll = (action: Action) => void current.before.push(action)
export const beforeEach = (action: Body) => void current.beforeEach.push(action)
export const afterAll = (action: Action) => void current.after.push(action)

export function expect(actual: unknown, message = 'value') {
  const check = (holds: boolean, what: string) => {
    if (!holds) throw new Error(`${message}: expected ${JSON.stringify(actual)} ${what}`)
  }
  return {
    toBe: (expected: unknown) => check(Object.is(actual, expected), `to be ${String(expected)}`),
    toBeLessThan: (limit: number) => check(Number(actual) < limit, `to be less than ${limit}`),
    toBeGreaterThan: (limit: number) => check(Number(actual) > limit, `to be greater than ${limit}`),
    toEqual: (expected: unknown) =>
      check(JSON.stringify(actual) === JSON.stringify(expected), `to equal ${JSON.stringify(expected)}`),
  }
}

/** Runs what was registered. Groups of one suite follow one another, so nested before and after actions aren't needed. */
export async function runTests(): Promise<{ passed: number; skipped: number; failures: string[] }> {
  const result = { passed: 0, skipped: 0, failures: [] as string[] }
  for (const { path, before, beforeEach, after, tests } of groups) {
    for (const action of before) await action()
    for (const { name, body } of tests) {
      const skip = (reason: string): never => {
        throw new Skipped(reason)
      }
      try {
        for (const action of beforeEach) await action({ skip })
        await body({ skip })
        result.passed++
      } catch (error) {
        if (error instanceof Skipped) result.skipped++
        else result.failures.push(`${[...path, name].join(' > ')}: ${(error as Error).message}`)
      }
    }
    for (const action of after) await action()
  }
  return result
}

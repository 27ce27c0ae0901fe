import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The README's examples of use as a library, by what they begin with. */
export function readmeExamples(): { name: string; code: string }[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('## As a library'))
  const found = [...section.matchAll(/```(?:js|ts)\n(.*?)```/gs)].map(([, code]) => code)
  return [
    { name: 'trains and reads', code: found[0] },
    { name: 'loads the demo model', code: found[1] },
  ]
}

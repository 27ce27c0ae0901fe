// What a package runs before it is packed: fails where its build is missing, lacks an entry, or is older than its sources,
// or where what its users read is missing.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
const filesIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    : []
const timeOf = (path) => statSync(path).mtimeMs

const { name, version, exports = {} } = JSON.parse(read('package.json'))
const problems = []

const targets = new Set()
const collect = (target) => {
  if (typeof target === 'string') targets.add(target)
  else if (target) Object.values(target).forEach(collect)
}
collect(exports)
for (const target of targets) if (!existsSync(target)) problems.push(`${target} is missing`)

const built = filesIn('dist')
const sources = [...filesIn('src').filter((file) => !file.endsWith('.test.ts')), 'tsup.config.ts']
const newest = sources.filter(existsSync).toSorted((a, b) => timeOf(b) - timeOf(a))[0]
if (built.length > 0 && Math.min(...built.map(timeOf)) < timeOf(newest))
  problems.push(`dist is older than ${newest}`)

if (!read('README.md').startsWith(`# ${name}\n`))
  problems.push('it has no README.md that begins with its name')
// The first release has nothing to say yet.
if (version !== '0.0.0' && !read('CHANGELOG.md').includes(`\n## ${version}\n`))
  problems.push(`CHANGELOG.md says nothing of ${version}`)

if (problems.length > 0) {
  console.error(`${name} can't be packed: ${problems.join('; ')}. Build it first: npm run build -- --force`)
  process.exitCode = 1
}

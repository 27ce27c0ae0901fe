// `npm start`: installs what is needed, then runs the bench, as `pnpm install && pnpm --filter bench start` does. npm puts a
// shell between itself and what it starts, which passes on no signal that it alone is sent; its end counts as one.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const npm = [process.env.npm_execpath, 'exec', '--yes', packageManager, '--']
const install = spawnSync(process.execPath, [...npm, 'install', '--frozen-lockfile', '--prefer-offline'], {
  cwd: root,
  stdio: 'inherit',
})
if (install.status !== 0) process.exit(install.status ?? 1)

const bench = spawn(
  process.execPath,
  ['--conditions=source', '--import', 'tsx', 'src/main.ts', ...process.argv.slice(2)],
  { cwd: `${root}/apps/bench`, stdio: 'inherit' },
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => bench.kill(signal))
const parent = process.ppid
const watch = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(watch)
  bench.kill('SIGTERM')
}, 500)
bench.on('exit', (code, signal) => process.exit(signal ? 1 : code))

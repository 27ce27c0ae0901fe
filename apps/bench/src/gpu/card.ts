import { spawnSync } from 'node:child_process'

/** What NVIDIA's own program calls the card and its driver; undefined where it isn't there. */
export function cardName(): string | undefined {
  const { status, stdout } = spawnSync(
    'nvidia-smi',
    ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'],
    { encoding: 'utf8', timeout: 20_000 },
  )
  if (status !== 0) return undefined
  const [name, memory, driver] = stdout
    .split('\n')[0]
    .split(',')
    .map((part) => part.trim())
  return `${name}, ${memory}, driver ${driver}`
}

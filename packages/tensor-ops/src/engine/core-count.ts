const builtinModules = typeof process === 'undefined' ? undefined : process.getBuiltinModule

/**
 * Threads that can run at once: the cores that this process may use, or as many whole ones as its container's quota of CPU
 * time pays for. More would be stopped together for the rest of each period.
 */
export function coreCount(): number {
  if (!builtinModules) return navigator.hardwareConcurrency ?? 1
  const { readFileSync } = builtinModules('node:fs')
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  }
  const cores = builtinModules('node:os').availableParallelism()
  return Math.max(1, Math.min(cores, Math.floor(quotaOf(read))))
}

/**
 * The cores that Linux' control groups, of version 2 or 1, grant this process: the least of its group's own quota and those
 * of the groups around it. Infinity without any.
 *
 * @param read a file's text, or undefined where there is none
 */
export function quotaOf(read: (path: string) => string | undefined): number {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').filter(Boolean)
  const quotas = groups.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) return []
    if (controllers === '')
      return groupsAround(path).map((group) => quotaOfV2(read, `/sys/fs/cgroup${group}`))
    if (!controllers.split(',').includes('cpu')) return []
    return [controllers, 'cpu'].flatMap((mount) =>
      groupsAround(path).map((group) => quotaOfV1(read, `/sys/fs/cgroup/${mount}${group}`)),
    )
  })
  return Math.min(Infinity, ...quotas)
}

/** `/a/b` -> `/a/b`, `/a`, ``. A container may see its own group as the root, under whatever path it has outside. */
function groupsAround(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..')
  return Array.from({ length: names.length + 1 }, (_, i) =>
    names
      .slice(0, names.length - i)
      .map((name) => `/${name}`)
      .join(''),
  )
}

type Read = Parameters<typeof quotaOf>[0]

/** `150000 100000` or `max 100000`: microseconds of CPU time in a period. */
function quotaOfV2(read: Read, group: string): number {
  const [quota, period] = (read(`${group}/cpu.max`) ?? 'max').trim().split(/\s+/)
  return share(quota, period)
}

const quotaOfV1 = (read: Read, group: string): number =>
  share(read(`${group}/cpu.cfs_quota_us`), read(`${group}/cpu.cfs_period_us`))

function share(quota: string | undefined, period: string | undefined): number {
  const cores = Number(quota) / Number(period)
  return cores > 0 ? cores : Infinity
}

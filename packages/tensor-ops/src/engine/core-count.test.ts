import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { coreCount, quotaOf } from './core-count'

const none = Infinity
const cases: [what: string, files: Record<string, string>, cores: number][] = [
  ['no control groups', {}, none],
  [
    'version 2, the container as the root',
    { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '250000 100000\n' },
    2.5,
  ],
  [
    'version 2 without a quota',
    { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' },
    none,
  ],
  [
    'version 2, the least of the groups around it',
    {
      '/proc/self/cgroup': '0::/pod/app\n',
      '/sys/fs/cgroup/pod/app/cpu.max': '400000 100000',
      '/sys/fs/cgroup/pod/cpu.max': '100000 50000',
      '/sys/fs/cgroup/cpu.max': 'max 100000',
    },
    2,
  ],
  [
    'version 2, a group beside the one that is seen as the root',
    { '/proc/self/cgroup': '0::/../other\n', '/sys/fs/cgroup/cpu.max': '50000 100000' },
    0.5,
  ],
  [
    'version 1',
    {
      '/proc/self/cgroup': '9:memory:/a\n4:cpu,cpuacct:/docker/ab\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/ab/cpu.cfs_quota_us': '300000\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/ab/cpu.cfs_period_us': '100000\n',
    },
    3,
  ],
  [
    'version 1, mounted in the container as the root',
    {
      '/proc/self/cgroup': '4:cpuacct,cpu:/docker/ab\n0::/docker/ab\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    1.5,
  ],
  [
    'version 1 without a quota',
    {
      '/proc/self/cgroup': '4:cpu:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    none,
  ],
]

it.each(cases)('reads the quota of CPU time: %s', (_, files, cores) => {
  expect(quotaOf((path) => files[path])).toBe(cores)
})

it('is at least one and at most what this machine has', () => {
  expect(coreCount()).toBeGreaterThanOrEqual(1)
  expect(coreCount()).toBeLessThanOrEqual(availableParallelism())
})

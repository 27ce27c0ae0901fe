import { expect, it } from 'vitest'
import { Workload } from './workload'

it('is left until the last of the runs side by side ends', () => {
  const works = [4, 3, 3, 2, 2].map((seconds, seed) => ({
    work: { task: 'books', system: 'swa', seed },
    seconds,
  }))
  const [one, two] = [1, 2].map((workers) => {
    const workload = new Workload(workers)
    for (const { work, seconds } of works) {
      workload.set(work, 'train', seconds - 1)
      workload.set(work, 'evaluate', 1)
    }
    return workload
  })
  expect(one.left()).toBe(14)
  // 4 and 3, then 3 after the 3, 2 after the 4 and 2 after both.
  expect(two.left()).toBe(8)
  two.set(works[0].work, 'train', 0)
  expect(two.of(works[0].work)).toBe(1)
  two.done(works[1].work)
  expect(two.left()).toBe(4)
})

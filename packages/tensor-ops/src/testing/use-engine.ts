import { afterAll, beforeAll, beforeEach } from 'vitest'
import { resolveEngine, type EngineOptions } from '../engine/registry'

/** The tests of this block run on an engine, or are skipped with the reason why it can't run here; the next ones on cpu. */
export function useEngine(name: string, options?: EngineOptions): void {
  let refused: string | undefined
  beforeAll(async () => {
    await resolveEngine(name, options).catch((error: Error) => (refused = error.message))
  })
  beforeEach(({ skip }) => {
    if (refused !== undefined) skip(refused)
  })
  afterAll(() => resolveEngine('cpu'))
}

import Module from 'node:module'
import { sep } from 'node:path'
import util from 'node:util'

/** What Node 23 removed from `util` and tfjs-node 4.22.0 calls. */
const removed = {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
}

/**
 * Loads a package whose own files, and no others, find these functions in `util`.
 *
 * @param folder the package's
 */
export function withRemovedUtilities<T>(folder: string, load: () => T): T {
  const completed: unknown = Object.assign(Object.create(util), removed)
  const given = Module.prototype as NodeJS.Module
  const { require } = given
  given.require = function (this: NodeJS.Module, id: string): unknown {
    return id === 'util' && this.filename.startsWith(folder + sep) ? completed : require.call(this, id)
  } as NodeJS.Require
  try {
    return load()
  } finally {
    given.require = require
  }
}

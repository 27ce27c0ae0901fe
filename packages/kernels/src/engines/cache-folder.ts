const builtinModules = typeof process === 'undefined' ? undefined : process.getBuiltinModule

/**
 * The folder of whatever the engines keep from one process to the next: `$TTT_E2E_CACHE`, else `ttt-e2e` in the user's
 * cache folder; undefined in pages.
 */
export function cacheFolder(): string | undefined {
  if (!builtinModules) return undefined
  if (process.env.TTT_E2E_CACHE) return process.env.TTT_E2E_CACHE
  const { join } = builtinModules('node:path')
  return join(process.env.XDG_CACHE_HOME || join(builtinModules('node:os').homedir(), '.cache'), 'ttt-e2e')
}

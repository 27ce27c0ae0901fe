import { buildAddon } from './packages/kernels/src/engines/native/build'
import { findSources } from './packages/kernels/src/engines/native/sources'

/** Compiles the native engine where there is a compiler, so that no test's time limit has to cover it. */
export async function setup(): Promise<void> {
  await buildAddon(findSources())
}

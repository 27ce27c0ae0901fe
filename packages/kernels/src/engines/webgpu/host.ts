/** Of this process: one that is collected while its devices still have something to tell hangs or ends the process. */
let instance: GPU | undefined

/**
 * Where WebGPU is found: the page's own, or in Node the package `webgpu` (Dawn), an optional peer. A string is the
 * reason why there is none, in one clause.
 */
export async function findGpu(): Promise<GPU | string> {
  const page = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu
  if (page) return page
  if (typeof process === 'undefined' || !process.versions?.node) return 'this browser has no WebGPU'
  try {
    // Told by a variable, so that bundlers for pages leave it alone.
    const packageName = 'webgpu'
    const { create } = (await import(/* @vite-ignore */ packageName)) as { create(flags: string[]): GPU }
    return (instance ??= create([]))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ERR_MODULE_NOT_FOUND'
      ? "the package 'webgpu' is not installed (npm install webgpu)"
      : `the package 'webgpu' could not be loaded (${message.split('\n')[0]})`
  }
}

/** The adapter, the fastest where there are several, or the reason why there is none. */
export async function findAdapter(gpu: GPU): Promise<GPUAdapter | string> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter) return adapter
  return typeof process !== 'undefined' && process.platform === 'linux'
    ? 'no adapter was found (it takes a Vulkan driver and its loader, libvulkan.so.1)'
    : 'no adapter was found'
}

// What threads need of the host: shared memory and workers. Node has both; a page only where it is cross-origin isolated.

/** What a worker is sent. */
export interface WorkerStart {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  /** From 1; the caller is 0. */
  number: number
  /** Where its stack and its thread-local variables stand, and how many bytes they have. */
  address: number
  bytes: number
}

/** A worker's script: a text, so that it needs no file that a bundler would have to find. */
const work = `const work = ({ module, memory, number, address, bytes }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  exports.__wasm_init_tls(address)
  for (let seen = 0; ;) {
    exports.__stack_pointer.value = address + bytes
    try {
      seen = exports.work(number, seen)
    } catch (trap) {
      const text = exports.failTask() >>> 0
      const encoded = new TextEncoder().encode(trap.message).subarray(0, exports.failureTextBytes() - 1)
      if (text !== 0) new Uint8Array(memory.buffer, text).set([...encoded, 0])
      exports.leaveFailedJob()
    }
  }
}
`
const nodeScript = `${work}work(require('node:worker_threads').workerData)`
const pageScript = `${work}onmessage = ({ data }) => (postMessage('started'), work(data))`

const builtinModules = typeof process === 'undefined' ? undefined : process.getBuiltinModule

/** The module imports its memory: these limits, in pages of 64 KiB, stand in it. */
const limits = { initial: 320, maximum: 65535 }
export const mostBytes = limits.maximum * 2 ** 16

/** Memory for the module, shared where the host allows it. */
export function newMemory(): WebAssembly.Memory {
  if (typeof SharedArrayBuffer !== 'undefined')
    try {
      return new WebAssembly.Memory({ ...limits, shared: true })
    } catch {
      // There may be no room for all that it can grow to: unlike other memory it can't move.
    }
  return new WebAssembly.Memory(limits)
}

export const isShared = ({ buffer }: WebAssembly.Memory): boolean => !(buffer instanceof ArrayBuffer)

/** Why there is one thread where memory can't be shared. */
export function whyNotShared(): string {
  if (globalThis.crossOriginIsolated === false) return 'this page is not cross-origin isolated'
  return 'this host has no shared memory'
}

/** Whether this thread may sleep until another wakes it: in a page the main thread may not. */
export function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0)
    return true
  } catch {
    return false
  }
}

let pageScriptUrl: string | undefined
/** Kept, so that no browser takes a worker for garbage. */
const pageWorkers: Worker[] = []
const patienceMilliseconds = 2000

/**
 * Starts a worker. It doesn't keep the process alive.
 *
 * @returns whether the host allowed it. In a page this shows when the worker answers; one that takes long counts as allowed.
 */
export async function startWorker(start: WorkerStart): Promise<boolean> {
  try {
    if (builtinModules) {
      const { Worker } = builtinModules('node:worker_threads')
      // Without this process's options: they may load what has nothing to do with the kernels.
      const worker = new Worker(nodeScript, { eval: true, workerData: start, execArgv: [], env: {} })
      worker.on('error', nothingLost).unref()
      return true
    }
    pageScriptUrl ??= URL.createObjectURL(new Blob([pageScript], { type: 'text/javascript' }))
    const worker = new Worker(pageScriptUrl)
    pageWorkers.push(worker)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- windows have one, workers don't
    worker.postMessage(start)
    return await new Promise((resolve) => {
      worker.addEventListener('message', () => resolve(true))
      worker.addEventListener('error', () => resolve(false))
      setTimeout(resolve, patienceMilliseconds, true)
    })
  } catch {
    return false
  }
}

/** A worker that fails to start is missed by nobody: the others do its share. */
function nothingLost(): void {}

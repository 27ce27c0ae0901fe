import { UserError } from '@ttt-e2e/tensor-ops'
import { findAdapter, findGpu } from './host'

/** What is asked for as far as the adapter has it, in place of the standard's smallest. */
export const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const

/** What kernels use where the adapter has it. */
export const wantedFeatures = ['subgroups', 'shader-f16'] as const
export type WantedFeature = (typeof wantedFeatures)[number]

/** A device with what is known of its adapter. */
export interface Gpu {
  /** Held for the device's sake: Dawn's events go through it, and the collector would take it away. */
  source: GPU
  device: GPUDevice
  limits: GPUSupportedLimits
  /** By the standard's names. */
  features: ReadonlySet<string>
  /** e.g. "nvidia, lovelace". */
  adapterName: string
  /** All that the adapter says of itself, with its driver. */
  identity: string
  /** Whether its adapter computes on the processor. */
  software: boolean
  /** Whether the device is lost or out of memory: it is good for nothing any more. */
  readonly failed: boolean
  /** @throws UserError where the device is lost or out of memory */
  check(): void
}

/** The newer name of the adapter's properties, which the types that tfjs brings don't know. */
type AdapterInfo = Partial<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
  isFallbackAdapter?: boolean
}

/**
 * Opens a device. A string is the reason why there is none, in one clause.
 *
 * @param without features to do without even where the adapter has them
 */
export async function openGpu(without: readonly WantedFeature[] = []): Promise<Gpu | string> {
  const gpu = await findGpu()
  if (typeof gpu === 'string') return gpu
  const adapter = await findAdapter(gpu)
  if (typeof adapter === 'string') return adapter
  const info = (adapter as unknown as { info?: AdapterInfo }).info ?? {}
  const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]))
  const features = wantedFeatures.filter((name) => adapter.features.has(name) && !without.includes(name))
  const device = await adapter.requestDevice({
    requiredLimits,
    // The types that tfjs brings don't know all names.
    requiredFeatures: features as string[] as GPUFeatureName[],
  })
  let failure: Error | undefined
  void device.lost.then(({ message }) => {
    failure = new UserError(
      `the GPU device was lost (${message.split('\n')[0] || 'no reason given'}); ` +
        'what was computed since the last checkpoint is gone: start again and resume from it',
    )
  })
  device.addEventListener('uncapturederror', (event) => {
    failure ??= failureOf((event as GPUUncapturedErrorEvent).error)
  })
  return {
    source: gpu,
    device,
    limits: device.limits,
    features: device.features,
    adapterName: [info.vendor, info.architecture].filter(Boolean).join(', ') || 'unnamed adapter',
    identity: [info.vendor, info.architecture, info.device, info.description].join(' · '),
    software: info.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false,
    get failed() {
      return failure !== undefined
    },
    check() {
      if (failure) throw failure
    },
  }
}

/** What an error that no call was told of comes to. */
export function failureOf(error: { message: string }): Error {
  return error.constructor.name === 'GPUOutOfMemoryError'
    ? new UserError(
        'the GPU is out of memory: take a smaller batch, shorter sequences or a smaller model, and resume',
      )
    : new Error(`WebGPU: ${error.message}`)
}

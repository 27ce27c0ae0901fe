import type { Gpu } from './device'
import { sourceOf, type GpuKernel } from './kernel'

export interface Pipeline {
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
}

/** Kernels compiled once, by their names. */
export class Pipelines {
  private readonly known = new Map<string, Pipeline>()
  private readonly layouts = new Map<string, GPUBindGroupLayout>()

  constructor(private readonly gpu: Pick<Gpu, 'device' | 'features'>) {}

  of(kernel: GpuKernel): Pipeline {
    const known = this.known.get(kernel.name)
    if (known) return known
    const layout = this.layout(Object.keys(kernel.inputs).length, Object.keys(kernel.outputs).length)
    const { device, features } = this.gpu
    const module = device.createShaderModule({ label: kernel.name, code: sourceOf(kernel, features) })
    const pipeline = device.createComputePipeline({
      label: kernel.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    })
    const made = { pipeline, layout }
    this.known.set(kernel.name, made)
    return made
  }

  /** By number of buffers, not by what a kernel uses of them. */
  private layout(inputs: number, outputs: number): GPUBindGroupLayout {
    const key = `${inputs} ${outputs}`
    let layout = this.layouts.get(key)
    if (!layout) {
      const types: GPUBufferBindingType[] = [
        'uniform',
        ...Array.from({ length: inputs }, () => 'read-only-storage' as const),
        ...Array.from({ length: outputs }, () => 'storage' as const),
      ]
      layout = this.gpu.device.createBindGroupLayout({
        // The standard's number for the compute stage.
        entries: types.map((type, binding) => ({ binding, visibility: 4, buffer: { type } })),
      })
      this.layouts.set(key, layout)
    }
    return layout
  }
}

import { StockKernels } from '../stock/stock-kernels'
import type { CompiledBackend } from './backend'
import type { CompiledModule } from './module'

/** The module's kernels, and those of tfjs that are made of them. */
export class KernelSet extends StockKernels<CompiledBackend> {
  private readonly indexes: Map<string, number>

  constructor(module: CompiledModule, backendName: string) {
    super(backendName)
    this.indexes = new Map(module.kernelNames.map((name, index) => [name, index]))
  }

  has(name: string): boolean {
    return this.indexes.has(name)
  }

  index(name: string): number {
    const index = this.indexes.get(name)
    if (index === undefined) throw new Error(`the compiled module has no kernel '${name}'`)
    return index
  }
}

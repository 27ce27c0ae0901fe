import {
  allFinite,
  bytesOf,
  encodeSafetensorsHeader,
  SafetensorsError,
  toPlainTensors,
  treeEntries,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'

/**
 * A tree as the bytes of a safetensors file, tensor by tensor: one is held at a time.
 *
 * @throws SafetensorsError at the end, listing every tensor with values that are not finite
 */
export async function* treePieces(tree: TensorTree): AsyncGenerator<Uint8Array, void, void> {
  const entries = treeEntries(tree)
  yield encodeSafetensorsHeader(
    entries.map(([name, { shape, dtype }]) => ({ name, shape, dtype: dtype === 'float32' ? 'F32' : 'I32' })),
  )
  const spoilt: string[] = []
  for (const [name, tensor] of entries) {
    const { [name]: plain } = await toPlainTensors([[name, tensor]])
    if (!allFinite(plain.values)) spoilt.push(`${name} has values that are not finite`)
    yield bytesOf(plain.values)
  }
  if (spoilt.length > 0) throw new SafetensorsError(spoilt)
}

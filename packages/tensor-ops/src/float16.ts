/** IEEE 754 half precision as float32, which holds each of its values. */
export function float16Values(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const table = tableOf()
  const values = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]]
  return values
}

/** Every value there is, made when it is first asked for. */
function tableOf(): Float32Array {
  return (known ??= Float32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 31
    const fraction = bits & 1023
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
  }))
}
let known: Float32Array | undefined

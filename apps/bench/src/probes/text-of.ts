/** Bytes as text of as many characters, and back: positions stay what they are. */
export const textOf = (tokens: Int32Array): string => Buffer.from(tokens).toString('latin1')

export const tokensOf = (text: string): Int32Array => Int32Array.from(Buffer.from(text, 'latin1'))

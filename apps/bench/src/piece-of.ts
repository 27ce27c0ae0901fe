/** Beyond it a piece's activations are large, and nothing is faster. */
const most = 1024

/** How much a reader is given at a time: enough for large kernels, little enough for a window's scores to stay small. */
export const pieceOf = (window: number) => Math.max(64, Math.min(most, 4 * window))

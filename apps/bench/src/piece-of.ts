/** How much a reader is given at a time: enough for large kernels, little enough for a window's scores to stay small. */
export const pieceOf = (window: number) => Math.max(64, 4 * window)

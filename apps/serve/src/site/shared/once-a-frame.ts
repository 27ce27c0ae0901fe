/** What draws at the next frame, once however often it is called until then. */
export function onceAFrame(draw: () => void): () => void {
  let frame = 0
  return () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0
      draw()
    })
  }
}

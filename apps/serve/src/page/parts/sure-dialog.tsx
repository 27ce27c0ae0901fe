import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface SureDialogProps {
  title: string
  children: ComponentChildren
  /** What the button that does it says. */
  does: string
  onSure: () => void
  onClose: () => void
}

/** Asks whether someone is sure of what can't be undone. */
export function SureDialog({ title, children, does, onSure, onClose }: SureDialogProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const sure = () => {
    dialog.current?.close()
    onSure()
  }
  return (
    <dialog ref={dialog} aria-labelledby="sure-title" onClose={onClose}>
      <h2 id="sure-title">{title}</h2>
      {children}
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" class="danger" onClick={sure}>
          {does}
        </button>
      </div>
    </dialog>
  )
}

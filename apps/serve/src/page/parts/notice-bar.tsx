import type { VNode } from 'preact'
import { state } from '../state/page-state'

/** What was just done, with a way back. */
export function NoticeBar(): VNode {
  const notice = state.notice.value
  return (
    <div role="status" class="notice-place">
      {notice && (
        <div class="notice">
          <p>{notice.text}</p>
          {notice.undo && (
            <button type="button" onClick={() => void notice.undo!()}>
              Undo
            </button>
          )}
          <button
            type="button"
            class="plain"
            aria-label="Dismiss"
            onClick={() => (state.notice.value = undefined)}
          >
            <span aria-hidden="true">✕</span>
          </button>
        </div>
      )}
    </div>
  )
}

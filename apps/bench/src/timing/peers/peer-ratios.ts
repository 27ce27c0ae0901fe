import type { Table } from '@ttt-e2e/report'
import { median } from '../../statistics'
import type { PeerRatio, Speed } from '../measurement'
import { digits } from '../speed-table'
import type { PeerSpeed } from './peer-speed'

/** The peers that did the same work as `speed`: the same system, size, batch, length and precision. */
export function peerRatios(speed: Speed, precision: string, peers: readonly PeerSpeed[]): PeerRatio[] {
  const same = peers.filter(
    (peer) =>
      peer.system === speed.system &&
      peer.work === speed.work &&
      peer.size === speed.size &&
      peer.batch === speed.batch &&
      peer.length === speed.length &&
      peer.precision === precision,
  )
  return [...new Set(same.map(({ peer }) => peer))].map((peer) => {
    const tokensPerSecond = same.filter((each) => each.peer === peer).map((each) => each.tokensPerSecond)
    return { peer, tokensPerSecond, ratio: speed.tokensPerSecond / median(tokensPerSecond) }
  })
}

/** Our tokens/s beside theirs; undefined where no peer did the same work. */
export function peersTable(size: string, speeds: readonly Speed[]): Table | undefined {
  const rows = speeds.flatMap(({ system, work, tokensPerSecond, peers = [] }) =>
    peers.map((each) => [
      system,
      work,
      each.peer,
      digits(tokensPerSecond),
      digits(median(each.tokensPerSecond)),
      each.ratio.toFixed(2),
    ]),
  )
  if (rows.length === 0) return undefined
  return {
    title: `${size} · beside the peers`,
    columns: ['system', 'work', 'peer', 'tokens/s', "the peer's", 'ratio'],
    rows,
    note: 'ours and theirs in turns; our training step includes AdamW, theirs where their script says so',
  }
}

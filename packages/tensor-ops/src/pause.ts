import { engineBehind } from './engine/registry'

/** `ref` and `unref` are Node's: whether the port keeps the process alive. */
type Port = MessagePort & { ref?(): void; unref?(): void }

interface Channel {
  receive: Port
  send: Port
  waiting: (() => void)[]
}

let channels: readonly [Channel, Channel] | undefined
/** The channel whose messages are being handled now, or were last. */
let current = 0

/**
 * Lets timers, sockets, aborts and whoever else waits get a turn: microseconds, where a timer would take a millisecond
 * (four in browsers). Keeps the process alive until its turn has come, no longer.
 *
 * Where an engine's device is far behind, waits until it has caught up, so that commands don't pile up.
 *
 * Two channels take turns, since Node hands out up to 1000 messages of one port, those that arrive meanwhile included,
 * before its event loop goes on.
 */
export async function pause(): Promise<void> {
  await turn()
  await engineBehind()
}

function turn(): Promise<void> {
  channels ??= [createChannel(0), createChannel(1)]
  const { receive, send, waiting } = channels[1 - current]
  return new Promise((resolve) => {
    waiting.push(resolve)
    receive.ref?.()
    send.postMessage(null, [])
  })
}

function createChannel(index: number): Channel {
  const { port1, port2 } = new MessageChannel()
  const channel: Channel = { receive: port1, send: port2, waiting: [] }
  const { receive, waiting } = channel
  receive.addEventListener('message', () => {
    current = index
    const resolve = waiting.shift()!
    if (waiting.length === 0) receive.unref?.()
    resolve()
  })
  receive.start()
  receive.unref?.()
  return channel
}

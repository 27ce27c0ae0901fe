import type { MetricsLine, StepLine } from '@ttt-e2e/training'
import { PbfReader } from 'pbf'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { encodeEvent, maskedChecksum } from './encode-event'
import { EventFile } from './event-file'

const step = (number: number): StepLine => ({
  kind: 'step',
  step: number,
  loss: 4 / number,
  firstChunk: 0,
  lastChunk: 0,
  gradientNorm: 0.5,
  innerNorm: 2,
  learningRate: 0.25,
  innerRate: 1,
  byEighth: [3, 1],
  clippedShare: 0.125,
  tokens: 64,
  seconds: 0.5,
  at: 1000 + number,
})

type Scalars = Record<string, number>
interface Read {
  at: number
  step: number
  version?: string
  scalars: Scalars
}

/** What a reader of TFRecords sees that checks everything. */
function readEvents(bytes: Buffer): Read[] {
  const events: Read[] = []
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at))
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedChecksum(bytes.subarray(at, at + 8)))
    const message = bytes.subarray(at + 12, at + 12 + length)
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedChecksum(message))
    events.push(readEvent(message))
    at += 16 + length
  }
  return events
}

function readEvent(message: Uint8Array): Read {
  const start: Read = { at: 0, step: 0, scalars: {} }
  return new PbfReader(message).readFields((tag, event, pbf) => {
    if (tag === 1) event.at = pbf.readDouble()
    if (tag === 2) event.step = pbf.readVarint()
    if (tag === 3) event.version = pbf.readString()
    if (tag === 5) pbf.readMessage(readSummary, event.scalars)
  }, start)
}

const readSummary = (tag: number, scalars: Scalars, pbf: PbfReader) => {
  if (tag !== 1) return
  const value = pbf.readMessage(
    (field, found, inner) => {
      if (field === 1) found.tag = inner.readString()
      if (field === 2) found.number = inner.readFloat()
    },
    { tag: '', number: NaN },
  )
  scalars[value.tag] = value.number
}

const only = (folder: string) => {
  const names = readdirSync(folder).filter((name) => name.includes('tfevents'))
  expect(names).toHaveLength(1)
  return readEvents(readFileSync(join(folder, names[0])))
}

it('is the record that the format describes', () => {
  // Made by TensorFlow's own protocol buffers and the TFRecord framing of tensorboard 2.21.
  const known = '1b000000000000001a0d9e1309000000000000f83f10ac022a0d0a0b0a046c6f7373150000003f69f9315b'
  expect(Buffer.from(encodeEvent({ at: 1.5, step: 300, scalars: [['loss', 0.5]] })).toString('hex')).toBe(
    known,
  )
})

it('has every line of the metrics once, also where the run went on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'events-'))
  const heldOut: MetricsLine = { kind: 'held-out', step: 2, loss: 5, byPlace: [], at: 1003 }
  const file = new EventFile(folder, [])
  for (const line of [step(1), step(2), heldOut, step(3)]) file.add(line)
  const [version, ...events] = only(folder)
  expect(version.version).toBe('brain.Event:2')
  expect(events.map(({ step, at }) => [step, at])).toEqual([
    [1, 1001],
    [2, 1002],
    [2, 1003],
    [3, 1003],
  ])
  expect(events[1].scalars).toEqual({
    'loss/training': 2,
    'loss by eighth/1': 3,
    'loss by eighth/2': 1,
    'gradient norm/outer': 0.5,
    'gradient norm/inner': 2,
    'clipped chunks/percent': 12.5,
    'rate/outer': 0.25,
    'rate/inner': 1,
    'speed/tokens per second': 128,
  })
  expect(events[2].scalars).toEqual({ 'loss/held-out': 5 })

  // As a killed process leaves it: half a record, in a file of another name, and steps that come again.
  writeFileSync(join(folder, 'events.out.tfevents.1.other.2'), 'half')
  const again = new EventFile(folder, [step(1), step(2)])
  again.add(step(3))
  expect(only(folder).map((event) => event.step)).toEqual([0, 1, 2, 3])
})

import { appendFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MetricsFile } from './metrics-file'
import type { StepLine } from './metrics-line'

const lineOf = (step: number): StepLine => ({
  kind: 'step',
  step,
  loss: 1 / step,
  firstChunk: 0,
  lastChunk: 0,
  gradientNorm: 0,
  innerNorm: 0,
  learningRate: 0,
  innerRate: 0,
  seconds: 0,
})

it('gives back what was added, exactly, and takes back what came after a step', () => {
  const folder = mkdtempSync(join(tmpdir(), 'metrics-'))
  const metrics = new MetricsFile(folder)
  expect(metrics.steps()).toEqual([])
  for (const step of [1, 2, 3]) metrics.add(lineOf(step))
  metrics.add({ kind: 'held-out', step: 3, loss: 2, byPlace: [] })
  expect(metrics.steps(2)).toEqual([lineOf(1), lineOf(2)])
  expect(metrics.hasHeldOut(3)).toBe(true)
  // As a process leaves it that is killed while it writes.
  appendFileSync(join(folder, 'metrics.jsonl'), '{"kind":"st')
  metrics.goOnFrom(2)
  metrics.add(lineOf(3))
  expect(new MetricsFile(folder).steps()).toEqual([lineOf(1), lineOf(2), lineOf(3)])
  expect(metrics.hasHeldOut(3)).toBe(false)
})

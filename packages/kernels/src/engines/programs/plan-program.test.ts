import { describe, expect, it } from 'vitest'
import type { Place } from './buffers'
import { planProgram, type ProgramPlan } from './plan-program'
import { abilities, alignment, buffer, call, recordingOf, type TestBuffer, type TestCall } from './testing'

type Recorded = ReturnType<typeof recordingOf>

function planned(...recordings: Recorded[]): ProgramPlan<TestBuffer, TestCall> {
  const plan = planProgram(recordings, { alignment, ...abilities })
  if (typeof plan === 'string') throw new Error(plan)
  return plan
}
const text = (place: Place | undefined) =>
  place && `${place.in} ${['workspace', 'held'].includes(place.in) ? place.offset : place.index}`
/** Each call with the places of its inputs and outputs. */
const written = ({ calls }: ProgramPlan<TestBuffer, TestCall>['first']) =>
  calls.map(({ call: { kernel }, inputs, outputs }) => [kernel, inputs.map(text), outputs.map(text)])

const [x, a, b, c, y, d] = ['x', 'a', 'b', 'c', 'y', 'd'].map((name) => buffer(name))

describe('a program of one step', () => {
  it('keeps what lives within it in one workspace, where others stand before and after', () => {
    const calls = [call('k', [x], a), call('k', [a], b), call('k', [b], c), call('k', [c], y)]
    const { first } = planned(recordingOf([x], calls, [y]))
    expect(written(first)).toEqual([
      ['k', ['input 0'], ['workspace 0']],
      ['k', ['workspace 0'], ['workspace 16']],
      ['k', ['workspace 16'], ['workspace 0']],
      ['k', ['workspace 0'], ['output 0']],
    ])
    expect(first).toMatchObject({ workspaceBytes: 32, heldBytes: 0, holding: 'none', given: 1 })
    expect(first.fresh).toEqual([y])
  })

  it('leaves out what no result depends on, constants too', () => {
    const [two, three] = [buffer('two', 4), buffer('three', 4)]
    const recording = recordingOf([x], [call('k', [x, three], a), call('k', [x, two], y)], [y], {
      constants: [two, three],
    })
    const { first, constants } = planned(recording)
    expect(written(first)).toEqual([['k', ['input 0', 'constant 0'], ['output 0']]])
    recording.keepConstants(constants)
    expect(recording.released).toEqual(['three'])
  })

  it('returns inputs and constants as they are, and one buffer twice', () => {
    const two = buffer('two', 4)
    const { first } = planned(recordingOf([x], [call('k', [x], y)], [y, x, two, y], { constants: [two] }))
    expect(first.results).toEqual([y, x, two, y])
    expect(first.fresh).toEqual([y])
    expect(first.constants).toEqual([two])
  })

  it('writes over spent inputs alone', () => {
    const calls = [call('product', [x], a), call('add', [d, a], y)]
    const { first } = planned(recordingOf([x, d], calls, [y], { spent: 1 }))
    expect(written(first)).toEqual([['product', ['input 0'], ['input 1']]])
    expect(first.calls[0].accumulate).toEqual([true])
    expect([first.results, first.fresh]).toEqual([[d], []])
  })

  it('is refused where it reads or returns what it was not given', () => {
    const reason = (recording: Recorded) => planProgram([recording], { alignment, ...abilities })
    expect(reason(recordingOf([x], [call('k', [x, a], y)], [y]))).toBe(
      'it reads a tensor that is not among its inputs',
    )
    expect(reason(recordingOf([x], [], [a]))).toBe('it returns a tensor that is not among its inputs')
    expect(reason(recordingOf([x, x], [call('k', [x], y)], [y]))).toBe('it was given the same data twice')
    const looked = recordingOf([x], [call('k', [x], y)], [y])
    looked.valuesRead(y)
    expect(reason(looked)).toBe('JavaScript reads the values of its tensors')
  })
})

describe('a program of two steps', () => {
  const e = buffer('e', 20)
  const [g, dy] = [buffer('g'), buffer('dy')]
  const forward = () => recordingOf([x], [call('k', [x], a), call('k', [a], b, e), call('k', [b, e], y)], [y])

  it('holds in one piece what the second reads of the first, and no more', () => {
    const first = forward()
    const second = recordingOf([dy], [call('k', [dy, a, e, x], g)], [g], { first })
    const plan = planned(first, second)
    expect(written(plan.first)).toEqual([
      ['k', ['input 0'], ['held 0']],
      ['k', ['held 0'], ['workspace 0', 'held 16']],
      ['k', ['workspace 0', 'held 16'], ['output 0']],
    ])
    // 20 bytes take 24.
    expect(plan.first).toMatchObject({ holding: 'left', heldBytes: 40, workspaceBytes: 16 })
    expect(written(plan.second!)).toEqual([['k', ['input 0', 'held 0', 'held 16', 'input 1'], ['output 0']]])
    expect(plan.second).toMatchObject({ holding: 'taken', given: 2, heldBytes: 40 })
  })

  it('reads results of the first as inputs of the second', () => {
    const first = forward()
    const second = recordingOf([dy], [call('k', [dy, y], g)], [g], { first })
    const plan = planned(first, second)
    expect(plan.heldResults).toEqual([y])
    expect(written(plan.second!)).toEqual([['k', ['input 0', 'input 2'], ['output 0']]])
    expect(plan.first.heldBytes).toBe(0)
  })

  it('makes nothing in the first that only a dead call of the second reads', () => {
    const first = forward()
    const second = recordingOf([dy], [call('k', [e], c), call('k', [dy], g)], [g], { first })
    expect(planned(first, second).first.heldBytes).toBe(0)
  })

  it('is refused where a result of the second is held memory of the first', () => {
    const first = forward()
    const second = recordingOf([dy], [], [a], { first })
    expect(planProgram([first, second], { alignment, ...abilities })).toBe(
      'its gradient is an intermediate result',
    )
  })
})

import { expect, it } from 'vitest'
import { recipes } from './index'
import { resolveRecipe, resumedRecipe } from './resolve-recipe'
import { scheduleChange } from './schedule-change'
import { applySettings } from './settings'

const books = recipes.get('tiny/books')!

it('replaces single values and leaves the recipe as it was', () => {
  const changed = applySettings(books, ['training.batch=8', 'size.innerRate=0.5', 'summary=mine'])
  expect(changed).toMatchObject({ summary: 'mine', size: { innerRate: 0.5 }, training: { batch: 8 } })
  expect(books.training.batch).toBe(4)
})

it('takes a decay, which recipes leave out', () => {
  expect(resolveRecipe(books, { settings: ['size.innerDecay=0.001'] }).size.innerDecay).toBe(0.001)
  expect(Object.hasOwn(resolveRecipe(books, { settings: [] }).size, 'innerDecay')).toBe(false)
})

it('lets warm-ups keep their share of the steps, unless they are set', () => {
  const schedule = (...settings: string[]) => applySettings(books, settings).training.optimizer.schedule
  const steps = 'training.optimizer.schedule.steps=40'
  expect(schedule(steps)).toMatchObject({ steps: 40, warmupSteps: 4, innerWarmupSteps: 4 })
  expect(schedule(steps, 'training.optimizer.schedule.warmupSteps=9')).toMatchObject({
    warmupSteps: 9,
    innerWarmupSteps: 4,
  })
})

it('begins a curriculum, which keeps its share of the steps', () => {
  const curriculum = (...settings: string[]) => resolveRecipe(books, { settings }).training.curriculum
  const steps = 'training.optimizer.schedule.steps=40'
  expect(curriculum()).toBeUndefined()
  expect(curriculum('training.curriculum.shortest=128')).toEqual({ shortest: 128, steps: 300 })
  expect(curriculum('training.curriculum.shortest=128', steps)).toEqual({ shortest: 128, steps: 24 })
  expect(curriculum(steps, 'training.curriculum.steps=9', 'training.curriculum.shortest=64')).toEqual({
    shortest: 64,
    steps: 9,
  })
})

it("begins a language's curriculum with sequences that are long enough for it", () => {
  const languages = recipes.get('tiny/languages')!
  const shortest = (...settings: string[]) =>
    resolveRecipe(languages, { settings }).training.curriculum!.shortest
  expect(shortest()).toBe(16)
  expect(shortest('size.hiddenSize=32')).toBe(16)
  expect(shortest('size.vocabularySize=64')).toBe(64)
  expect(shortest('data.successors=3', 'size.vocabularySize=32')).toBe(48)
  expect(shortest('data.successors=3', 'size.vocabularySize=32', 'training.curriculum.shortest=8')).toBe(8)
  expect(shortest('size.vocabularySize=8')).toBe(8)
  expect(shortest('size.vocabularySize=512')).toBe(256)
})

it.each([
  ['training.bach=8', /no 'training.bach'; did you mean 'training.batch'\?/],
  ['steps=8', /did you mean 'training.optimizer.schedule.steps'\?/],
  ['size.window.x=8', /no 'size.window.x'; did you mean/],
  ['__proto__.x=8', /no '__proto__.x'/],
  ['training.batch=many', /'training.batch' is a number \(4 in the recipe\), not 'many'/],
  ['training.batch=', /is a number \(4 in the recipe\), not ''/],
  ['training.optimizer.schedule=8', /is not a single value; set one of training.optimizer.schedule.steps, /],
  ['training.batch', /is not of the form path=value/],
  ['training.batch=0.5', /training.batch: /],
  ['data.kind=films', /the recipe can't be as it was set: data/],
  ['data.rows=loose', /the recipe can't be as it was set: data.rows: /],
  ['training.batch=0', /: training.batch: 0 was given; it must be from 1 up$/],
  ['training.batch=1.5', /: training.batch: 1.5 was given; it must be a whole number$/],
  ['training.optimizer.beta1=1', /beta1: 1 was given; it must be below 1$/],
  ['training.optimizer.maxNorm=0', /maxNorm: 0 was given; it must be above 0$/],
  ['data.rows=loose', /: data.rows: "loose" was given; it must be one of windows, packed$/],
  [
    'training.optimizer.schedule.steps=-5',
    /: training.optimizer.schedule.steps: -5 was given; it must be from 0 up$/,
  ],
  ['lr=0.1', /no 'lr'; did you mean 'training.optimizer.schedule.peakLearningRate'\?/],
  ['wd=0.1', /did you mean 'training.optimizer.weightDecay'\?/],
  ['batch_size=8', /did you mean 'training.batch'\?/],
  ['training.optimizer.schedule.peakLearningRate=-1', /peakLearningRate is -1; it must be from 0 to 1e\+30/],
  ['size.innerRate=-0.1', /size.innerRate is -0.1; it must be a number from 0 to 10000: float32/],
  ['size.innerRate=1e5', /size.innerRate is 100000; it must be a number from 0 to 10000: float32/],
  ['training.optimizer.schedule.innerRateStart=1e30', /innerRateStart is 1e\+30; it must be from 0 to 10000/],
  ['training.optimizer.schedule.peakLearningRate=1e300', /peakLearningRate is 1e\+300; it must be from 0 to/],
  ['training.optimizer.maxNorm=1e-300', /maxNorm is 1e-300; it must be from 1e-30 to 1e\+30/],
  ['training.optimizer.epsilon=1e40', /epsilon is 1e\+40; it must be from 1e-30 to 1e\+30/],
  ['size.vocabularySize=1e15', /vocabularySize is 1000000000000000; it must be a whole number from 1 to/],
  ['size.ropeTheta=1e-40', /ropeTheta is 1e-40; it must be a number from 1 to 1e\+30/],
  ['training.optimizer.weightDecay=-1', /weightDecay is -1; it must be from 0 to 10000/],
  ['training.optimizer.schedule.steps=0', /steps is 0; it must be from 1 up/],
  [
    'training.optimizer.schedule.warmupSteps=501',
    /warmupSteps is 501, longer than the run; it must be at most the 500/,
  ],
  ['training.optimizer.schedule.innerWarmupSteps=501', /innerWarmupSteps is 501, longer than the run/],
  [
    'training.curriculum.steps=501',
    /curriculum.steps is 501, longer than the run; it must be at most the 500/,
  ],
  [
    'training.curriculum.shortest=1e6',
    /shortest is 1000000, longer than the sequences; .* at most training.length/,
  ],
  ['training.batch=1e9', /is 1000000000 × 1024; a batch has at most 2147483647 tokens/],
  ['training.curriculum.shortest=0', /training.curriculum.shortest: /],
  ['training.curriculum.longest=9', /no 'training.curriculum.longest'; did you mean/],
  ['size.heads=5', /the sizes don't fit each other: .*5 heads/],
  ['size.chunk=0', /size.chunk is 0; it must be a whole number from 1 to 1000000000/],
  ['size.layers=1.5', /size.layers is 1.5; it must be a whole number from 1 to 10000/],
  ['size.ropeTheta=0', /size.ropeTheta is 0; it must be a number from 1 to 1e\+30/],
  ['size.innerDecay=2', /size.innerDecay is 2; it must be a number from 0 to 1/],
  ['size.suffixBlocks=0', /suffixBlocks is 0, but 'ttt-e2e' learns in its last blocks/],
  ['size.vocabularySize=100', /size.vocabularySize is 100; the data has 257 tokens/],
])('refuses %s', (setting, error) => {
  expect(() => resolveRecipe(books, { settings: [setting] })).toThrow(error)
})

it('refuses systems that are not trained, or not known', () => {
  expect(() => resolveRecipe(books, { settings: [], system: 'ttt-off' })).toThrow(
    /weights of 'ttt-e2e', train that/,
  )
  expect(() => resolveRecipe(books, { settings: [], system: 'lstm' })).toThrow(/unknown system 'lstm'/)
})

it('goes on with a stored recipe only as the same run', () => {
  const resume = (options: object) => () => resumedRecipe(books, { settings: [], ...options })
  expect(resume({ settings: ['evaluation.every=7'] })().evaluation.every).toBe(7)
  expect(resume({ recipe: 'small/books' })).toThrow(/is of 'tiny\/books', not 'small\/books'/)
  expect(resume({ system: 'swa' })).toThrow(/trains 'ttt-e2e', not 'swa'/)
  expect(resume({ data: '/x' })).toThrow(/trains on other data/)
  expect(resume({ settings: ['size.window=3'] })).toThrow(/would make it another run/)
  expect(resume({ settings: [`size.window=${books.size.window}`] })()).toEqual(books)
})

it('says what becomes of the schedule of a run that goes on', () => {
  const change = (...settings: string[]) => scheduleChange(books, applySettings(books, settings), 100)
  expect(change('evaluation.every=7')).toBeUndefined()
  expect(change('training.optimizer.schedule.steps=1000')).toMatch(
    /steps 500 → 1000, warmupSteps 50 → 100, .* from step 101 on \(0.00300 there, 0.00291 before\), and 900 steps are left$/,
  )
  expect(change('training.optimizer.schedule.steps=100')).toMatch(
    /the run has taken 100 already, so that it is done$/,
  )
})

it('has recipes that are sound, named after their files', () => {
  for (const [name, recipe] of recipes) {
    expect(resolveRecipe(recipe, { settings: [] })).toEqual(recipe)
    expect(name).toMatch(/^[\w]+\/[\w-]+$/)
  }
})

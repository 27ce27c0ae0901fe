import { expect, it } from 'vitest'
import { recipes } from './index'
import { resolveRecipe, resumedRecipe } from './resolve-recipe'
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
  ['size.heads=5', /the sizes don't fit each other: .*5 heads/],
  ['size.chunk=0', /size.chunk is 0; it must be a whole number from 1 on/],
  ['size.layers=1.5', /size.layers is 1.5; it must be a whole number from 1 on/],
  ['size.ropeTheta=0', /size.ropeTheta is 0; it must be a number above 0/],
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
})

it('has recipes that are sound, named after their files', () => {
  for (const [name, recipe] of recipes) {
    expect(resolveRecipe(recipe, { settings: [] })).toEqual(recipe)
    expect(name).toMatch(/^[\w]+\/[\w-]+$/)
  }
})

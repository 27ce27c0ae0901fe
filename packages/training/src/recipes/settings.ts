import { standardCurriculum, type Recipe } from '@ttt-e2e/meta-outer'
import { TrainingError } from '../training-error'
import { nearest } from './nearest'

type Json = Record<string, unknown>

/** Values that a recipe may lack, and what they are then. */
const optional: Json = {
  'size.innerDecay': 0,
  'data.heldOutEvery': 10,
  'data.bosToken': 0,
  'training.microBatch': 1,
  'training.trains': 'all',
}

/**
 * A recipe with single values replaced, and with what follows from them unless it is set, too: warm-ups and the curriculum
 * keep their share of the steps, and the curriculum's first sequences are in proportion to what a language has to be learned.
 *
 * @param settings as typed: `training.batch=8`
 * @throws TrainingError for a path that the recipe doesn't have, with the nearest one, or a value of another type
 */
export function applySettings(recipe: Recipe, settings: readonly string[]): Recipe {
  const changed = structuredClone(recipe)
  const set = new Set(settings.map((setting) => apply(changed as unknown as Json, setting)))
  followSteps(changed, recipe, set)
  followLanguage(changed, recipe, set)
  return changed
}

function followSteps({ training }: Recipe, before: Recipe, set: ReadonlySet<string>): void {
  const { schedule } = training.optimizer
  const given = before.training.optimizer.schedule
  if (schedule.steps === given.steps || given.steps === 0) return
  const inShare = (steps: number) => Math.floor((steps * schedule.steps) / given.steps)
  for (const warmup of ['warmupSteps', 'innerWarmupSteps'] as const)
    if (!set.has(`training.optimizer.schedule.${warmup}`)) schedule[warmup] = inShare(given[warmup])
  const { curriculum } = training
  if (curriculum && !set.has('training.curriculum.steps')) curriculum.steps = inShare(curriculum.steps)
}

/** Where little comes a second time there is nothing to learn from: of more symbols or followers sequences begin longer. */
function followLanguage(changed: Recipe, before: Recipe, set: ReadonlySet<string>): void {
  const { curriculum, length } = changed.training
  const [pairs, given] = [changed, before].map(pairsOfLanguage)
  if (!curriculum || !pairs || !given || set.has('training.curriculum.shortest')) return
  const shortest = Math.ceil((curriculum.shortest * pairs) / given)
  if (pairs !== given) curriculum.shortest = Math.max(1, Math.min(length, shortest))
}

/** Symbols with each of what may follow them; undefined of other data. */
const pairsOfLanguage = ({ data, size }: Recipe): number | undefined =>
  data.kind === 'languages' ? size.vocabularySize * data.successors : undefined

/** @returns the path that was set */
function apply(recipe: Json, setting: string): string {
  if (setting.startsWith('training.curriculum.')) beginCurriculum(recipe as unknown as Recipe)
  const equals = setting.indexOf('=')
  if (equals < 1)
    throw new TrainingError(`--set ${setting} is not of the form path=value, e.g. training.batch=8`)
  const path = setting.slice(0, equals)
  const text = setting.slice(equals + 1)
  const keys = path.split('.')
  let place: unknown = recipe
  for (const key of keys.slice(0, -1))
    place = isObject(place) && Object.hasOwn(place, key) ? place[key] : undefined
  const key = keys[keys.length - 1]
  const leaves = leafPaths(recipe)
  if (Object.hasOwn(optional, path) && isObject(place)) place[key] ??= optional[path]
  if (!isObject(place) || !Object.hasOwn(place, key))
    throw new TrainingError(`the recipe has no '${path}'; did you mean '${nearest(path, leaves)}'?`)
  if (isObject(place[key])) {
    const below = leaves.filter((leaf) => leaf.startsWith(`${path}.`))
    throw new TrainingError(`'${path}' is not a single value; set one of ${below.join(', ')}`)
  }
  place[key] = parse(path, text, place[key])
  return path
}

/** One to be set, where the recipe has none. */
function beginCurriculum({ training }: Recipe): void {
  training.curriculum ??= standardCurriculum(training.optimizer.schedule.steps, training.length)
}

function parse(path: string, text: string, before: unknown): unknown {
  if (typeof before !== 'number') return text
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new TrainingError(`'${path}' is a number (${before} in the recipe), not '${text}'`)
}

function leafPaths(json: Json, above = ''): string[] {
  return Object.entries(json).flatMap(([key, value]) =>
    isObject(value) ? leafPaths(value, `${above}${key}.`) : [`${above}${key}`],
  )
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

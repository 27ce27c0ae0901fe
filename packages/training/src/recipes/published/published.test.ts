import { describe, expect, it } from 'vitest'
import { recipes } from '../index'
import { resolveRecipe } from '../resolve-recipe'
import { publishedRecipes } from './index'

describe('the published recipes', () => {
  it('are both stages of five sizes at four contexts', () => {
    expect(publishedRecipes.map(({ name }) => name)).toEqual(
      ['125m', '350m', '760m', '1b', '3b'].flatMap((size) =>
        ['pretrain-8k', 'extend-16k', 'extend-32k', 'extend-64k', 'extend-128k'].map(
          (stage) => `${size}/${stage}`,
        ),
      ),
    )
    for (const recipe of publishedRecipes) expect(recipes.get(recipe.name)).toBe(recipe)
  })

  it('extend by a twentieth of the tokens, in batches of twice as many', () => {
    const tokens = (name: string) => {
      const { training } = recipes.get(name)!
      return { batch: training.batch * training.length, steps: training.optimizer.schedule.steps }
    }
    for (const size of ['125m', '350m', '760m', '1b', '3b']) {
      const first = tokens(`${size}/pretrain-8k`)
      for (const context of ['16k', '32k', '64k', '128k']) {
        const second = tokens(`${size}/extend-${context}`)
        expect(second.batch).toBe(2 * first.batch)
        expect((second.batch * second.steps) / (first.batch * first.steps)).toBeCloseTo(0.05, 3)
      }
    }
  })

  it('turn more slowly for full attention alone', () => {
    const theta = (name: string, system?: string) =>
      resolveRecipe(recipes.get(name)!, { settings: [], system }).size.ropeTheta
    expect(['16k', '32k', '64k', '128k'].map((to) => theta(`125m/extend-${to}`, 'full-attention'))).toEqual([
      1e6, 2e6, 5e6, 1e7,
    ])
    expect(theta('125m/extend-64k')).toBe(500_000)
    expect(theta('125m/extend-64k', 'swa')).toBe(500_000)
    expect(theta('125m/pretrain-8k', 'full-attention')).toBe(500_000)
  })
})

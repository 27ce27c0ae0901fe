import type { Recipe } from '@ttt-e2e/meta-outer'
import smallBooks from './small/books'
import { publishedRecipes } from './published'
import tinyBooks from './tiny/books'
import tinyLanguages from './tiny/languages'
import warmBooks from './pretrained/books'

/** Every recipe by its name; a new one is its file and a line here. */
export const recipes: ReadonlyMap<string, Recipe> = new Map(
  [tinyLanguages, tinyBooks, smallBooks, warmBooks, ...publishedRecipes].map((recipe) => [
    recipe.name,
    recipe,
  ]),
)

import type { Recipe } from '@ttt-e2e/meta-outer'
import extend32k from './125m/extend-32k'
import pretrain8k from './125m/pretrain-8k'
import smallBooks from './small/books'
import tinyBooks from './tiny/books'
import tinyLanguages from './tiny/languages'
import warmBooks from './warm-start/books'

/** Every recipe by its name; a new one is its file and a line here. */
export const recipes: ReadonlyMap<string, Recipe> = new Map(
  [tinyLanguages, tinyBooks, smallBooks, warmBooks, pretrain8k, extend32k].map((recipe) => [
    recipe.name,
    recipe,
  ]),
)

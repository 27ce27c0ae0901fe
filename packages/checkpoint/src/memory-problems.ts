import { checkTokens } from '@ttt-e2e/data'
import type { SafetensorsHeader } from '@ttt-e2e/tensor-ops'
import type { SavedForm, SavedState } from '@ttt-e2e/ttt-inner'
import type { Model } from './model'

type Entries = SafetensorsHeader['entries']
type Meta = SavedState['meta']

/** What is wrong with a saved memory before anything is uploaded: counters that disagree, states of another form. */
export function memoryProblems(model: Model, meta: Meta, entries: Entries): string[] {
  const probe = model.startMemory()
  // Nothing is waited for: a first token has no nats.
  if (meta.position > 0) void probe.reader.read(Int32Array.of(0))
  const like = probe.reader.form()
  probe.dispose()
  return [...counterProblems(model, meta), ...stateProblems(model, meta, like.tensors, entries)]
}

function counterProblems({ system }: Model, { position, steps, open }: Meta): string[] {
  const problems: string[] = []
  const { rule, decoder } = system
  const chunk = rule?.chunk ?? Infinity
  if (open.rows > Math.min(position, rule ? chunk : 0))
    problems.push(`its open chunk has ${open.rows} tokens, of ${position} read and ${chunk} in a chunk`)
  if (steps > Math.floor((position - open.rows) / chunk))
    problems.push(`${steps} steps can't have been taken on ${position} tokens`)
  const rows = open.rows > 0 ? 1 : 0
  if (
    open.tokens.length < rows ||
    open.tokens.length > 1 ||
    open.tokens.some(({ length }) => length !== open.rows)
  )
    problems.push(`the tokens of its open chunk are not one sequence of ${open.rows}`)
  else problems.push(...tokenProblems(open.tokens[0] ?? [], decoder.config.vocabularySize, 'open chunk'))
  return problems
}

/** The first token that is none of the vocabulary, if there is one. */
export function tokenProblems(tokens: readonly number[], vocabularySize: number, where: string): string[] {
  try {
    checkTokens(tokens, vocabularySize, where)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/** Compares the tensors with those of a memory of one token, whose lengths alone may differ, and the bytes in all. */
function stateProblems(
  model: Model,
  { position, open }: Meta,
  like: SavedForm['tensors'],
  entries: Entries,
): string[] {
  // At a chunk's border nothing is open, and the states at its start have read something or nothing.
  const known = (name: string) => (Object.hasOwn(like, name) ? like[name] : undefined)
  const optional = (name: string) => name.startsWith('open.')
  const problems: string[] = []
  for (const [name, { dtype, shape }] of entries) {
    const expected =
      known(name) ?? (optional(name) ? known(name.replace(/^open\.states/, 'suffix')) : undefined)
    if (dtype !== 'F32') problems.push(`${name} is of type ${dtype}, not F32`)
    if (!expected) problems.push(`${name} is no part of this model's memory`)
    else if (
      shape.length !== expected.shape.length ||
      shape.some((n, i) => i !== 1 && n !== expected.shape[i])
    )
      problems.push(`${name} is [${shape.join(', ')}], not of the form [${expected.shape.join(', ')}]`)
  }
  for (const name of Object.keys(like))
    if (!entries.has(name) && !optional(name)) problems.push(`${name} is missing`)
  const bytesOf = (prefixes: string[]) =>
    [...entries]
      .filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix)))
      .reduce((sum, [, { shape }]) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0)
  const { prefix, suffix } = model.system.decoder.stateBytes(position)
  const expected = prefix + suffix
  const found = bytesOf(['prefix.', 'suffix.'])
  if (found !== expected)
    problems.push(`its states hold ${found} bytes; after ${position} tokens they hold ${expected}`)
  const openHidden = entries.get('open.hidden')?.shape[1] ?? 0
  if (openHidden !== open.rows)
    problems.push(`open.hidden has ${openHidden} rows, its open chunk ${open.rows}`)
  return problems
}

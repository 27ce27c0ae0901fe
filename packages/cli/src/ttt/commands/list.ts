import { counted } from '@ttt-e2e/tensor-ops/counted'
import { formatCount } from '../../format'
import type { Memories } from '../memories'
import { tell, type Output } from '../output'

/** Lists memories: name, tokens, steps, and the weights that they belong to. */
export async function list(memories: Memories, output: Output): Promise<void> {
  const all = await memories.list()
  const rows = all.map(({ id, name, tokens, steps, model_hash: model }) => [
    name ?? id,
    ...(all.some((each) => each.id !== each.name) ? [id] : []),
    counted(tokens, 'token', { as: formatCount(tokens) }),
    counted(steps, 'step'),
    `model ${model.slice(0, 12)}`,
  ])
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  )
  if (output.json) tell(output, all, '')
  else if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  else output.progress.complain('there are no memories yet: ttt read book.txt --save book makes one')
}

import { csvOf } from './csv'
import type { Figure } from './figure'
import { style } from './style'
import type { Table } from './table'

/** One page that needs nothing else: no scripts, no links elsewhere. @param body as HTML */
export const pageHtml = (title: string, body: readonly string[]): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${style}</style></head>
<body>
${body.join('\n')}
</body>
</html>
`

/** A figure with its legend; a small one without its title. */
export function figureHtml({ title, caption, svg, legend }: Figure, kind?: 'small'): string {
  const entries = legend.map(
    ({ name, colour, dash }) =>
      `<span><svg width="28" height="8"><line x1="0" y1="4" x2="28" y2="4" stroke="${colour}" stroke-width="2.5"${dash ? ` stroke-dasharray="${dash}"` : ''}/></svg>${escapeHtml(name)}</span>`,
  )
  const heading = kind === 'small' ? '' : `<h4>${escapeHtml(title)}</h4>`
  return `<figure${kind ? ` class="${kind}"` : ''}>${heading}<div class="legend">${entries.join('')}</div><div class="plot">${svg}</div><figcaption>${escapeHtml(caption)}</figcaption></figure>`
}

/** @param csv what it is saved as; not saved where left out */
export function tableHtml(table: Table, csv?: string): string {
  const { title, columns, rows, note } = table
  const isNumber = columns.map((_, i) => i > 0 && rows.every((row) => !/[a-z]{3}/.test(row[i])))
  const cells = (tag: string, values: string[]) =>
    values
      .map((value, i) => `<${tag}${isNumber[i] ? ' class="number"' : ''}>${escapeHtml(value)}</${tag}>`)
      .join('')
  return [
    `<h4>${escapeHtml(title)}</h4><div class="scroll"><table><thead><tr>${cells('th', columns)}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table></div>`,
    ...(note === undefined ? [] : [`<p class="note">${escapeHtml(note)}</p>`]),
    ...(csv === undefined ? [] : [csvLink(table, csv)]),
  ].join('')
}

const csvLink = (table: Table, name: string) =>
  `<p class="note csv"><a download="${escapeHtml(name)}" href="data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(table))}">CSV</a></p>`

/** Text as it may stand in HTML and its attributes. */
export const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

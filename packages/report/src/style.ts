/** Light and dark, from 320 pixels up, and printed. */
export const style = `
:root { color-scheme: light dark; --text: #1a1a1a; --back: #fff; --soft: #555; --line: #ddd; --warn: #fff3cd }
@media (prefers-color-scheme: dark) { :root { --text: #e8e6e3; --back: #16181c; --soft: #a9a6a0; --line: #3a3d44; --warn: #4a3b00 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1, h2, h3, h4 { line-height: 1.2 } h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1.5rem } h3 { margin-top: 2.5rem }
.glance { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1rem 2rem }
.glance h2 { border: 0; margin: 0; padding: 0; font-size: 1.125rem } .glance p { margin: 0.25rem 0 0.5rem } .glance > * { min-width: 0 }
figure { margin: 1.5rem 0 } figure.small { margin: 0 } .plot { overflow-x: auto; overflow-wrap: normal } .plot svg { max-width: 100%; height: auto; --plot-background: var(--back) }
figcaption, .note { color: var(--soft); font-size: 0.875rem } .verdict { font-weight: 600 }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.875rem } .legend svg { vertical-align: middle; margin-right: 0.4rem }
.scroll { overflow-x: auto; overflow-wrap: normal } table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top } th { border-bottom-color: var(--soft) }
td.number, th.number { text-align: right } .stopped { background: var(--warn); padding: 0.5rem 1rem } a { color: inherit }
@media (max-width: 40rem) { figure:not(.small) .plot svg { max-width: none; width: 34rem } }
@media print {
  :root { color-scheme: light; --text: #000; --back: #fff; --soft: #333; --line: #bbb }
  body { max-width: none; margin: 0; font-size: 11px } .csv { display: none } .scroll, .plot { overflow: visible } table { font-size: 8px }
  figure, tr, .glance > * { break-inside: avoid } h2, h3, h4 { break-after: avoid }
}`

/** A page that needs nothing but itself: no network, no other file. */
export function selfContainedPage(title: string, body: string, script = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
${script === '' ? '' : `<script>${script}</script>`}
</body>
</html>
`
}

/** Text that shows as it is. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, character => entities[character] ?? character)
}

/** Data for a script inside the page; nothing in it can end the script. */
export function scriptData(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
}

const STYLE = `
:root { color-scheme: light dark; --good: #2e9e5b; --bad: #d64545; --line: color-mix(in srgb, currentColor 20%, transparent);
  --soft: color-mix(in srgb, currentColor 7%, transparent); --mark: #3b82f6; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
code, .path { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: middle; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; }
.tile { background: var(--soft); border-radius: .5rem; padding: .75rem 1rem; min-width: 8rem; }
.tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.bar { height: .6rem; border-radius: .3rem; background: var(--bad); min-width: 2px; }
.trend { display: flex; align-items: flex-end; gap: 3px; height: 9rem; border-bottom: 1px solid var(--line); }
.trend div { flex: 1; display: flex; flex-direction: column; justify-content: flex-end; height: 100%; }
.trend i { display: block; } .good { background: var(--good); } .bad { background: var(--bad); }
.legend { opacity: .7; font-size: .85em; }
.recent span { display: inline-block; width: .8rem; height: .8rem; border-radius: 50%; margin-right: .25rem; }
.graph { display: grid; grid-template-columns: minmax(14rem, 22rem) 1fr; gap: 1.5rem; }
.graph input { width: 100%; box-sizing: border-box; padding: .4rem .5rem; font: inherit; }
.graph ul { list-style: none; margin: .5rem 0; padding: 0; max-height: 75vh; overflow: auto; }
.graph button { all: unset; cursor: pointer; display: block; width: 100%; box-sizing: border-box; padding: .15rem .4rem; border-radius: .25rem;
  font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere; }
.graph button:focus-visible { outline: 2px solid var(--mark); }
.graph button:hover, .graph button[aria-current=true] { background: color-mix(in srgb, var(--mark) 25%, transparent); }
.graph li.symbol button { padding-left: 1.4rem; }
svg { width: 100%; background: var(--soft); border-radius: .5rem; }
svg text { font: 11px ui-monospace, monospace; fill: currentColor; }
svg g { cursor: pointer; } svg rect { fill: Canvas; stroke: var(--line); } svg .chosen rect { stroke: var(--mark); stroke-width: 2; }
svg path { fill: none; stroke: var(--line); } svg path.ambiguous { stroke-dasharray: 4 3; }
@media (max-width: 50rem) { .graph { grid-template-columns: 1fr; } }
`

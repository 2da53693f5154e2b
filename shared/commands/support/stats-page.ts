import type { Stats } from '#shared/audit/stats'
import { escaped, selfContainedPage } from './page'

/** The audit log as a page to look at. */
export function statsPage(stats: Stats, project: string): string {
  const share = stats.total === 0 ? 0 : (100 * stats.passed) / stats.total
  const tiles = [
    [stats.total === 1 ? 'verdict' : 'verdicts', String(stats.total)],
    ['passed', `${share.toFixed(1)} %`],
    ['failed', String(stats.failed)],
    ['on average', `${stats.average_duration_ms} ms`],
    ['cost', `$${stats.cost_usd.toFixed(2)}`],
  ]
  return selfContainedPage(
    `kode: ${project}`,
    [
      `<div class="tiles">${tiles.map(([name = '', value = '']) => `<div class="tile"><b>${value}</b>${name}</div>`).join('')}</div>`,
      section('Trend', trend(stats)),
      section(
        'Failures by gate',
        barTable(stats.failures_by_gate.map(row => [row.gate, row.count, `${row.percent_of_failed} % of failed runs`])),
      ),
      section('Most failed files', barTable(stats.most_failed_files.map(row => [row.path, row.count, '']))),
      section('Models', barTable(stats.models.map(row => [row.model, row.count, `${row.percent} %`]))),
      section(
        'Recent, oldest first',
        `<p class="recent">${stats.recent.map(status => `<span class="${status === 'PASS' ? 'good' : 'bad'}" title="${status}"></span>`).join('')}</p>`,
      ),
    ].join('\n'),
  )
}

function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`
}

function trend({ days }: Stats): string {
  const most = Math.max(1, ...days.map(day => day.total))
  const height = (count: number) => `${((100 * count) / most).toFixed(1)}%`
  const bars = days.map(
    ({ date, passed, total }) =>
      `<div title="${date}: ${passed} of ${total} passed"><i class="bad" style="height:${height(total - passed)}"></i><i class="good" style="height:${height(passed)}"></i></div>`,
  )
  const [first, last] = [days[0]?.date ?? '', days.at(-1)?.date ?? '']
  return `<div class="trend" role="img" aria-label="verdicts a day">${bars.join('')}</div><p class="legend">${first} to ${last}; green passed, red failed; the highest day has ${most}</p>`
}

function barTable(rows: readonly (readonly [name: string, count: number, note: string])[]): string {
  if (rows.length === 0) return '<p class="legend">none</p>'
  const most = Math.max(1, ...rows.map(([, count]) => count))
  const lines = rows.map(
    ([name, count, note]) =>
      `<tr><td class="path">${escaped(name)}</td><td class="number">${count}</td><td style="width:40%"><div class="bar" style="width:${((100 * count) / most).toFixed(1)}%"></div></td><td class="legend">${note}</td></tr>`,
  )
  return `<table>${lines.join('')}</table>`
}

import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import { withAdvice } from '#shared/protocol/with-advice'
import type { Output } from '../output'
import { TurnFooter } from './turn-footer'

const MAX_OUTPUT_LINES = 50
const SHOWN_AT_EACH_END = 20

/**
 * Events for people: the answer on stdout as it streams, everything else on stderr.
 *
 * @param isVerbose whether thinking and long outputs are shown whole
 */
export function textRenderer(output: Output, isVerbose = () => false): (event: KodeEvent) => void {
  let isInText = false
  let isInThinking = false
  let thought = ''
  const footer = new TurnFooter()
  const endText = () => {
    if (isInText) output.result('\n')
    isInText = false
  }
  return event => {
    if (event.type !== 'text_delta' && event.type !== 'thinking_delta') endText()
    switch (event.type) {
      case 'text_delta':
        isInText = true
        output.result(event.text)
        break
      case 'thinking_delta':
        if (!isInThinking) output.note(output.paint('dim', 'thinking …'))
        isInThinking = true
        thought += event.text
        break
      case 'assistant':
        if (isVerbose() && thought !== '') output.note(output.paint('dim', thought))
        isInThinking = false
        thought = ''
        break
      case 'tool_started':
        output.note(`${output.paint('blue', '•')} ${output.paint('bold', event.call.name)} ${oneLine(event.title)}`)
        break
      case 'gates':
        output.note(`  ${gateLine(event.report, output)}`)
        break
      case 'tool_result':
        output.note(resultLines(event, isVerbose(), output))
        break
      case 'notice':
        output.note(output.paint(event.level === 'info' ? 'dim' : 'yellow', `${event.level}: ${event.text}`))
        break
    }
    const told = footer.see(event)
    if (told !== undefined) output.note(output.paint('dim', told))
  }
}

/** `✗ imports · ✓ syntax, calls`: the gates by their verdict. */
export function gateLine(report: GateReport, output: Output): string {
  const marks = {
    PASS: output.paint('green', '✓'),
    WARN: output.paint('yellow', '!'),
    FAIL: output.paint('red', '✗'),
    SKIP: output.paint('dim', 'skipped:'),
  }
  const told = (['FAIL', 'WARN', 'PASS', 'SKIP'] as const).flatMap(status => {
    const names = report.results.filter(result => result.status === status).map(result => result.check_name)
    return names.length === 0 ? [] : [`${marks[status]} ${names.join(', ')}`]
  })
  return told.join(output.paint('dim', ' · '))
}

function resultLines(event: Extract<KodeEvent, { type: 'tool_result' }>, isWhole: boolean, output: Output): string {
  const { message } = event
  const mark = message.status === 'ok' ? output.paint('green', '✓') : output.paint('red', '✗')
  const changed = event.changes?.map(change => `${change.status} ${change.path}`) ?? []
  const body = message.status === 'ok' && changed.length > 0 ? changed.join('\n') : message.text
  const all = body.split('\n')
  const lines = (isWhole ? all : cut(all)).map(line => output.paint('dim', `  │ ${line}`))
  return [`  ${mark} ${message.name} (${event.duration_ms} ms)`, ...lines].join('\n')
}

function cut(lines: string[]): string[] {
  if (lines.length <= MAX_OUTPUT_LINES) return lines
  const hidden = lines.length - 2 * SHOWN_AT_EACH_END
  return [...lines.slice(0, SHOWN_AT_EACH_END), `… ${hidden} lines …`, ...lines.slice(-SHOWN_AT_EACH_END)]
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}

/** Why a turn ended; empty when the model had answered. */
export function endLine(end: TurnEnd): string {
  switch (end.reason) {
    case 'answered':
      return ''
    case 'cancelled':
      return 'interrupted'
    case 'limit':
    case 'refused':
    case 'store_failed':
      return end.message
    case 'provider_failed':
      return withAdvice(end)
  }
}

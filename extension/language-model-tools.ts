import * as v from 'valibot'
import * as vscode from 'vscode'
import type { Kode } from '#shared/kode'
import type { GateReport } from '#shared/protocol/gate-report'

const input = v.object({ files: v.array(v.object({ path: v.string(), content: v.nullable(v.string()) })) })

/** What other agents in the editor can ask of kode: the verdict about a change, and how far it reaches. Writes nothing. */
export function registerTools(kode: () => Promise<Kode>): vscode.Disposable {
  const tool = (name: string, title: string, answer: (report: GateReport) => unknown) =>
    vscode.lm.registerTool(name, {
      prepareInvocation: () => ({ invocationMessage: title }),
      async invoke({ input: given }, cancellation) {
        const { files } = v.parse(input, given)
        const stop = new AbortController()
        const listening = cancellation.onCancellationRequested(() => stop.abort())
        try {
          const texts = files.map(({ path, content }) => ({ path, ...(content !== null && { after: content }) }))
          const report = await (await kode()).changes.judge(texts, stop.signal)
          return new vscode.LanguageModelToolResult([
            new vscode.LanguageModelTextPart(JSON.stringify(answer(report), null, 2)),
          ])
        } finally {
          listening.dispose()
        }
      },
    })
  return vscode.Disposable.from(
    tool('kode_verifyPatch', vscode.l10n.t('Checking the change with kode'), report => report),
    tool('kode_blastRadius', vscode.l10n.t('Looking for what the change reaches'), report =>
      report.results.find(result => result.check_name === 'blast_radius'),
    ),
  )
}

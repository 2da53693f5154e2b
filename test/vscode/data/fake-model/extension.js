const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const vscode = require('vscode')

const MODEL = {
  id: 'scripted',
  name: 'Fake Scripted',
  family: 'fake',
  version: '1',
  maxInputTokens: 64_000,
  maxOutputTokens: 4_000,
  capabilities: { toolCalling: true },
}

/** What it calls next, by how many results it has seen; then it says so. */
const CALLS = [
  ['Read', { file_path: 'lm.ts' }],
  ['Edit', { file_path: 'lm.ts', replacements: [{ old_str: '= 1', new_str: '= 2' }] }],
]

exports.activate = context => {
  context.subscriptions.push(
    // As another agent of the editor asks kode about what it is about to write.
    vscode.commands.registerCommand('fake.askKode', async () => {
      const input = { files: [{ path: 'one.ts', content: 'export const one = missing()\n' }] }
      const ask = name => vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined })
      const answers = await Promise.all(['kode_verifyPatch', 'kode_blastRadius'].map(ask))
      const file = join(vscode.workspace.workspaceFolders[0].uri.fsPath, 'answers.json')
      writeFileSync(file, `[${answers.map(({ content }) => content[0].value).join()}]`)
    }),
    vscode.lm.registerLanguageModelChatProvider('fake', {
      provideLanguageModelChatInformation: () => [MODEL],
      async provideLanguageModelChatResponse(_model, messages, options, progress) {
        const results = messages
          .flatMap(message => message.content)
          .filter(part => part instanceof vscode.LanguageModelToolResultPart).length
        const call = CALLS[results]
        if (!call || !options.tools?.length) {
          progress.report(new vscode.LanguageModelTextPart(`The editor's model has seen ${results} results.`))
          return
        }
        progress.report(new vscode.LanguageModelTextPart('One moment. '))
        progress.report(new vscode.LanguageModelToolCallPart(`call-${results}`, call[0], call[1]))
      },
      provideTokenCount: async (_model, text) => Math.ceil(JSON.stringify(text).length / 4),
    }),
  )
}

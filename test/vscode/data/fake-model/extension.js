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

import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import type { Message, ToolCall, Usage } from '#shared/protocol/messages'
import type { ModelEvent, ModelInfo, ModelRequest, Provider, ProviderFailure } from '#shared/providers/provider'

/** As it stands in the setting `kode.provider`. */
export const EDITOR_PROVIDER = 'vscode'

/** Models that the editor and its other extensions offer, such as Copilot's. The editor asks the user for consent. */
export class EditorModels implements Provider {
  readonly name = EDITOR_PROVIDER

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const cancel = new vscode.CancellationTokenSource()
    const stop = () => cancel.cancel()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const model = await findModel(request.model)
      if (!model) {
        yield { type: 'failure', failure: noModel(request.model) }
        return
      }
      const messages = wireMessages(request)
      const tools = request.tools.map(({ name, description, input }) => ({ name, description, inputSchema: input }))
      const reply = await model.sendRequest(messages, { tools }, cancel.token)
      const calls: ToolCall[] = []
      let said = ''
      for await (const part of reply.stream) {
        if (part instanceof vscode.LanguageModelTextPart) {
          said += part.value
          yield { type: 'text', text: part.value }
        } else if (part instanceof vscode.LanguageModelToolCallPart) {
          calls.push({ type: 'tool_call', id: part.callId, name: part.name, arguments: JSON.stringify(part.input) })
        }
      }
      if (signal.aborted) {
        yield { type: 'failure', failure: { kind: 'cancelled', message: 'cancelled' } }
        return
      }
      for (const call of calls) yield { type: 'tool_call', call }
      const written = said + calls.map(call => call.arguments).join('')
      yield { type: 'usage', usage: await usageOf(model, messages, written, cancel.token) }
      yield { type: 'end', stop: calls.length > 0 ? 'tool_calls' : 'end' }
    } catch (error) {
      yield { type: 'failure', failure: failureOf(error, signal) }
    } finally {
      signal.removeEventListener('abort', stop)
      cancel.dispose()
    }
  }

  async listModels(): Promise<{ models: ModelInfo[] }> {
    const models = await vscode.lm.selectChatModels()
    return { models: models.map(model => ({ id: idOf(model), windowTokens: model.maxInputTokens })) }
  }
}

/** How a model of the editor is named in kode: two extensions may offer the same model. */
export function idOf(model: vscode.LanguageModelChat): string {
  return `${model.vendor}/${model.id}`
}

/** By its name here, or by the id or family alone; without a name the first there is. */
async function findModel(name: string): Promise<vscode.LanguageModelChat | undefined> {
  const models = await vscode.lm.selectChatModels()
  if (name === EDITOR_PROVIDER) return models[0]
  return models.find(model => idOf(model) === name) ?? models.find(model => [model.id, model.family].includes(name))
}

function wireMessages({ system, messages }: ModelRequest): vscode.LanguageModelChatMessage[] {
  // The editor knows no system role; what is said first has the same effect.
  return [vscode.LanguageModelChatMessage.User(system), ...messages.map(wireMessage)]
}

function wireMessage(message: Message): vscode.LanguageModelChatMessage {
  if (message.role === 'tool') {
    const text = new vscode.LanguageModelTextPart(message.text)
    return vscode.LanguageModelChatMessage.User([new vscode.LanguageModelToolResultPart(message.call_id, [text])])
  }
  if (message.role === 'user') {
    // Not every model of the editor takes images, and it does not say which do.
    const texts = message.parts.map(part =>
      part.type === 'text' ? part.text : '(an image, which cannot be shown here)',
    )
    return vscode.LanguageModelChatMessage.User(texts.map(text => new vscode.LanguageModelTextPart(text)))
  }
  return vscode.LanguageModelChatMessage.Assistant(
    message.parts.flatMap((part): (vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart)[] => {
      if (part.type === 'text') return [new vscode.LanguageModelTextPart(part.text)]
      if (part.type === 'tool_call') return [new vscode.LanguageModelToolCallPart(part.id, part.name, inputOf(part))]
      return []
    }),
  )
}

/** A call whose arguments were malformed goes back without them; its result says what was wrong. */
function inputOf({ arguments: text }: ToolCall): object {
  try {
    const input: unknown = JSON.parse(text)
    return typeof input === 'object' && input ? input : {}
  } catch {
    return {}
  }
}

/** The editor reports no usage, so the model counts. */
async function usageOf(
  model: vscode.LanguageModelChat,
  messages: readonly vscode.LanguageModelChatMessage[],
  written: string,
  token: vscode.CancellationToken,
): Promise<Usage> {
  const [output, ...inputs] = await Promise.all([
    model.countTokens(written, token),
    ...messages.map(message => model.countTokens(message, token)),
  ])
  const input = inputs.reduce((sum, tokens) => sum + tokens, 0)
  return { input, output: output ?? 0, cache_read: 0, cache_write: 0, thinking: 0 }
}

function noModel(name: string): ProviderFailure {
  return {
    kind: 'not-found',
    message: name === EDITOR_PROVIDER ? 'The editor offers no language model.' : `The editor offers no model ${name}.`,
    advice: 'Install an extension that offers one, such as GitHub Copilot, or choose another provider (/provider).',
  }
}

function failureOf(error: unknown, signal: AbortSignal): ProviderFailure {
  const message = messageOf(error)
  if (signal.aborted) return { kind: 'cancelled', message: 'cancelled' }
  if (!(error instanceof vscode.LanguageModelError)) return { kind: 'bad-reply', message }
  switch (error.code) {
    case vscode.LanguageModelError.NoPermissions().code:
      return { kind: 'auth', message, advice: 'Allow kode to use this model when the editor asks.' }
    case vscode.LanguageModelError.Blocked().code:
      return { kind: 'quota', message }
    case vscode.LanguageModelError.NotFound().code:
      return { kind: 'not-found', message }
    default:
      return { kind: 'bad-reply', message }
  }
}

import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import type { ChatEvent } from '#shared/protocol/events'
import {
  PANEL_VERSION,
  type PanelPush,
  type PanelRequest,
  parseRequest,
  type RequestInput,
  type RequestName,
  type RequestOutput,
} from '#shared/protocol/requests'
import type { Conversation } from '../conversation'
import { endOf, pieceBefore } from '../handover'
import { joinEvent } from '../join-event'
import { chatPage } from './chat-page'

/** A request without an answer may return anything. */
type Reply<Name extends RequestName> = RequestOutput<Name> extends undefined ? unknown : RequestOutput<Name>

/** What the host does for each request of the page. */
export type RequestTable = {
  [Name in Exclude<RequestName, 'open'>]: (input: RequestInput<Name>) => Reply<Name> | Promise<Reply<Name>>
}

/** Events go to the page at most this often; a fast stream would otherwise redraw for every few letters. */
const PUSH_EVERY_MS = 40

/** What is long ago has time until the page has drawn what it was given first. */
const EARLIER_EVERY_MS = 150

/** Holds the chat page: pushes events to it in order, and answers its requests from one table. */
export class ChatView implements vscode.WebviewViewProvider {
  readonly #extensionUri: vscode.Uri
  readonly #conversation: Conversation
  readonly #table: RequestTable
  #view: vscode.WebviewView | undefined
  #seq = 0
  #waiting: ChatEvent[] = []
  #timer: NodeJS.Timeout | undefined
  /** The next piece of what stands before the page's items. */
  #earlier: NodeJS.Timeout | undefined
  /** Asked for before the page was there. */
  #compose: string[] = []

  constructor(extensionUri: vscode.Uri, conversation: Conversation, table: RequestTable) {
    this.#extensionUri = extensionUri
    this.#conversation = conversation
    this.#table = table
    conversation.onEvent(event => this.#queue(event))
    conversation.onReset(() => this.#start())
    conversation.onFacts(() => this.#push({ kind: 'facts', facts: conversation.facts }))
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view
    const root = vscode.Uri.joinPath(this.#extensionUri, 'dist', 'webview')
    view.webview.options = { enableScripts: true, localResourceRoots: [root], enableCommandUris: false }
    view.webview.onDidReceiveMessage(message => this.#receive(message))
    view.onDidDispose(() => {
      this.#view = undefined
    })
    view.webview.html = chatPage(view.webview, this.#extensionUri)
  }

  /** Puts a text into the composer, and shows it. */
  compose(text: string): void {
    if (this.#view) this.#push({ kind: 'compose', text })
    else this.#compose.push(text)
  }

  /** Offers dropped messages again. */
  offer(texts: readonly string[]): void {
    if (texts.length > 0) this.#push({ kind: 'dropped', texts: [...texts] })
  }

  async #receive(message: unknown): Promise<void> {
    const request = parseRequest(message)
    if (!request) return
    try {
      const output = request.name === 'open' ? this.#open(request.input) : await this.#answer(request)
      this.#push({ kind: 'reply', id: request.id, output })
    } catch (error) {
      this.#push({ kind: 'failure', id: request.id, message: messageOf(error) })
    }
  }

  #answer(request: Exclude<PanelRequest, { name: 'open' }>): unknown {
    const handler = this.#table[request.name] as (input: PanelRequest['input']) => unknown
    return handler(request.input)
  }

  #open({ version }: RequestInput<'open'>): undefined {
    // A page that outlived an update of the extension is replaced instead of half understood.
    if (version !== PANEL_VERSION && this.#view)
      this.#view.webview.html = chatPage(this.#view.webview, this.#extensionUri)
    else this.#start()
  }

  #start(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#earlier)
    this.#timer = undefined
    this.#waiting = []
    const { state, before } = endOf(this.#conversation.state)
    this.#push({
      kind: 'start',
      version: PANEL_VERSION,
      epoch: this.#conversation.epoch,
      seq: this.#seq,
      state,
      facts: this.#conversation.facts,
    })
    for (const text of this.#compose.splice(0)) this.#push({ kind: 'compose', text })
    this.#sendEarlier(before)
  }

  /** @param end how many items the page does not have yet */
  #sendEarlier(end: number): void {
    if (end === 0) return
    this.#earlier = setTimeout(() => {
      // A piece tells how things are now; what led there goes first.
      this.#flush()
      const { items, before } = pieceBefore(this.#conversation.state, end)
      this.#push({ kind: 'earlier', epoch: this.#conversation.epoch, items })
      this.#sendEarlier(before)
    }, EARLIER_EVERY_MS)
  }

  #queue(event: ChatEvent): void {
    if (!this.#view) return
    joinEvent(this.#waiting, event)
    this.#timer ??= setTimeout(() => this.#flush(), PUSH_EVERY_MS)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.length === 0) return
    const events = this.#waiting
    this.#waiting = []
    this.#push({ kind: 'events', epoch: this.#conversation.epoch, seq: ++this.#seq, events })
  }

  #push(push: PanelPush): void {
    void this.#view?.webview.postMessage(push)
  }
}

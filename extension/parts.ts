import type * as vscode from 'vscode'
import type { Conversation } from './conversation'
import type { EditorContext } from './editor-context'
import type { ConversationFolder } from './folders'
import type { Approvals } from './host/approvals'
import type { Keys } from './host/secrets'
import type { LandedReview } from './landed-review'
import type { Mentions } from './mentions'
import type { Proposals } from './proposals'
import type { ReviewDesk } from './review-desk'
import type { ChangesTree } from './views/changes-tree'
import type { DiffReview } from './views/diff-review'
import type { FileVerdicts } from './views/file-verdicts'
import type { TextDocuments } from './views/text-documents'

/** What `activate` makes, and what commands and the chat page's requests work with. */
export interface Parts {
  conversation: Conversation
  folder: ConversationFolder
  keys: Keys
  proposals: Proposals
  approvals: Approvals
  review: DiffReview
  desk: ReviewDesk
  landed: LandedReview
  changesTree: ChangesTree
  editorContext: EditorContext
  mentions: Mentions
  texts: TextDocuments
  verdicts: FileVerdicts
  channel: vscode.LogOutputChannel
  /** Tells the page about the project, and whether a key is missing. */
  noteProject(): Promise<void>
}

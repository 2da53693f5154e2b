import * as vscode from 'vscode'
import type { Kode } from '#shared/kode'

/** What is used of the editor's own git extension; see its `api/git.d.ts`. */
interface GitExtension {
  getAPI(version: 1): { repositories: GitRepository[] }
}

interface GitRepository {
  readonly rootUri: vscode.Uri
  readonly inputBox: { value: string }
  /** @param cached of what is staged */
  diff(cached?: boolean): Promise<string>
}

const DIFF_CHARACTERS = 60_000
const SYSTEM =
  'You write commit messages. Answer with the message alone: a subject of at most 72 characters that says what is different, and where it needs one an empty line and a short body that says why. No quotes, no code fence.'

/** Asks the model for a message about what is staged, or else about all changes, and puts it into the input box. */
export async function writeCommitMessage(
  kode: Kode,
  rootUri: vscode.Uri | undefined,
  cancellation: vscode.CancellationToken,
): Promise<void> {
  const repository = await findRepository(rootUri ?? vscode.Uri.file(kode.root))
  const staged = await repository.diff(true)
  const diff = staged || (await repository.diff())
  if (diff === '') throw new Error(vscode.l10n.t('There is nothing to commit.'))
  const stop = new AbortController()
  const listening = cancellation.onCancellationRequested(() => stop.abort())
  try {
    const message = await ask(kode, diff.slice(0, DIFF_CHARACTERS), stop.signal)
    if (!stop.signal.aborted) repository.inputBox.value = message
  } finally {
    listening.dispose()
  }
}

async function findRepository(place: vscode.Uri): Promise<GitRepository> {
  const git = await vscode.extensions.getExtension<GitExtension>('vscode.git')?.activate()
  const repositories = git?.getAPI(1).repositories ?? []
  const found = repositories.find(each => place.fsPath.startsWith(each.rootUri.fsPath)) ?? repositories[0]
  if (!found) throw new Error(vscode.l10n.t('There is no git repository here.'))
  return found
}

async function ask(kode: Kode, diff: string, signal: AbortSignal): Promise<string> {
  const request = {
    model: kode.model,
    system: SYSTEM,
    messages: [
      {
        role: 'user' as const,
        id: crypto.randomUUID(),
        origin: 'typed' as const,
        parts: [{ type: 'text' as const, text: diff }],
      },
    ],
    tools: [],
  }
  let message = ''
  for await (const event of kode.provider.stream(request, signal)) {
    if (event.type === 'text') message += event.text
    if (event.type === 'failure' && event.failure.kind !== 'cancelled') throw new Error(event.failure.message)
  }
  return message.trim()
}

import * as vscode from 'vscode'

/** What a file holds: what is open in the editor, saved or not, else what is on the disk. Opens nothing. */
export async function textNow(root: string, path: string): Promise<string | undefined> {
  const uri = vscode.Uri.joinPath(vscode.Uri.file(root), path)
  const open = vscode.workspace.textDocuments.find(document => document.uri.toString() === uri.toString())
  return open ? open.getText() : textOnDisk(uri)
}

/** What the disk holds, whatever the editor has open; undefined where no file is. */
export async function textOnDisk(uri: vscode.Uri): Promise<string | undefined> {
  const bytes = await bytesOnDisk(uri)
  return bytes && vscode.workspace.decode(bytes, { uri })
}

/** Undefined where no file is. */
export async function bytesOnDisk(uri: vscode.Uri): Promise<Uint8Array | undefined> {
  try {
    return await vscode.workspace.fs.readFile(uri)
  } catch {
    // Not there, as a file that is new or deleted may be.
    return undefined
  }
}

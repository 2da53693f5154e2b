import * as vscode from 'vscode'

/** The chat page: its own script and style sheet, and nothing else from anywhere. */
export function chatPage(webview: vscode.Webview, extensionUri: vscode.Uri): string {
  const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', name))
  const nonce = crypto.randomUUID()
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // The toolkit adds one style element to find out what the browser can do, with the nonce it finds in the page.
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta property="csp-nonce" content="${nonce}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${file('chat.css')}">
  <title>kode</title>
</head>
<body>
  <script type="module" nonce="${nonce}" src="${file('chat.js')}"></script>
</body>
</html>`
}

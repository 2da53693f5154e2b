import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit'

/** Makes the toolkit's elements known under kode's own prefix, so that a later swap stays inside this folder. */
export function registerToolkit(): void {
  provideVSCodeDesignSystem().withPrefix('kode').register(vsCodeButton(), vsCodeProgressRing())
}

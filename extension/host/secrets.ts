import type * as vscode from 'vscode'

/** Keys of providers in the editor's secret storage. */
export class Keys {
  readonly #storage: vscode.SecretStorage

  constructor(storage: vscode.SecretStorage) {
    this.#storage = storage
  }

  async get(provider: string): Promise<string | undefined> {
    return this.#storage.get(nameOf(provider))
  }

  async set(provider: string, key: string): Promise<void> {
    await this.#storage.store(nameOf(provider), key)
  }

  async delete(provider: string): Promise<void> {
    await this.#storage.delete(nameOf(provider))
  }
}

function nameOf(provider: string): string {
  return `kode.key.${provider}`
}

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client'
import * as v from 'valibot'
import { type CredentialPlaces, keepCredential, readCredentials, removeCredential } from '#shared/config/credentials'
import type { OAuthConfig } from './server-config'

const clientSchema = v.looseObject({ client_id: v.string() })
const tokensSchema = v.looseObject({ access_token: v.string(), token_type: v.string() })
const loginSchema = v.object({
  client: v.optional(clientSchema),
  tokens: v.optional(tokensSchema),
  wanted_scope: v.optional(v.string()),
})

/** What is kept of a login. */
interface Login {
  client?: StoredOAuthClientInformation
  tokens?: StoredOAuthTokens
  /** A call needed rights that the tokens do not give; the next login asks for them. */
  wantedScope?: string
}

/**
 * Where logins are kept: as the keys of the providers are, in the keychain or readable by the user alone and hidden from
 * commands. But in a file of their own: a start that needs no server asks for no login.
 */
export class LoginStore {
  readonly #places: CredentialPlaces

  constructor(places: CredentialPlaces) {
    this.#places = { ...places, paths: { ...places.paths, db: join(places.paths.db, 'mcp') } }
  }

  async read(url: string): Promise<Login> {
    const kept = await readCredentials(this.#places)
    const text = kept.ok ? kept.value.keys[keyOf(url)] : undefined
    if (text === undefined) return {}
    const json = Buffer.from(text, 'base64url').toString('utf8')
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), loginSchema), json)
    return parsed.success ? withoutAbsent(parsed.output) : {}
  }

  /** Throws when it cannot be kept. */
  async write(url: string, { wantedScope, ...rest }: Login): Promise<void> {
    const json = JSON.stringify({ ...rest, wanted_scope: wantedScope })
    const kept = await keepCredential(this.#places, keyOf(url), Buffer.from(json).toString('base64url'))
    if (!kept.ok) throw new Error(kept.error)
  }

  /** @returns whether there was one */
  async remove(url: string): Promise<boolean> {
    const removed = await removeCredential(this.#places, keyOf(url))
    if (!removed.ok) throw new Error(removed.error)
    return removed.value
  }
}

/** A token is for a server's own address; a keychain takes neither blanks nor quotes. */
function keyOf(url: string): string {
  return `mcp-${createHash('sha256').update(url).digest('hex').slice(0, 32)}`
}

function withoutAbsent({ client, tokens, wanted_scope }: v.InferOutput<typeof loginSchema>): Login {
  return { ...(client && { client }), ...(tokens && { tokens }), ...(wanted_scope && { wantedScope: wanted_scope }) }
}

/** How a login speaks with the user; absent where nobody is there: then tokens are used and renewed, and that is all. */
export interface LoginDialog {
  /** Where the browser comes back to. */
  redirectUrl: string
  /** What it must bring back. */
  state: string
  open(url: URL): void
}

/** Nobody can log in right now. */
export class LoginNeeded extends Error {}

/** A login as the SDK wants it: tokens that are kept, and what one flow remembers. */
export class StoredLogin implements OAuthClientProvider {
  readonly #url: string
  readonly #store: LoginStore
  readonly #config: OAuthConfig
  readonly #dialog: LoginDialog | undefined
  #verifier = ''
  #discovery: OAuthDiscoveryState | undefined
  /** Made for this flow's redirect address. */
  #freshClient: StoredOAuthClientInformation | undefined

  constructor(url: string, store: LoginStore, config: OAuthConfig, dialog?: LoginDialog) {
    this.#url = url
    this.#store = store
    this.#config = config
    this.#dialog = dialog
    if (config.clientMetadataUrl !== undefined) this.clientMetadataUrl = config.clientMetadataUrl
  }

  readonly clientMetadataUrl?: string

  get redirectUrl(): string {
    return this.#dialog?.redirectUrl ?? 'http://127.0.0.1/callback'
  }

  get clientMetadata(): OAuthClientMetadata {
    return {
      client_name: 'kode',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      ...(this.#config.clientSecret === undefined && { token_endpoint_auth_method: 'none' }),
      ...(this.#config.scope !== undefined && { scope: this.#config.scope }),
    }
  }

  state(): string {
    return this.#dialog?.state ?? ''
  }

  async clientInformation(_?: OAuthClientInformationContext): Promise<StoredOAuthClientInformation | undefined> {
    const { clientId, clientSecret } = this.#config
    if (clientId !== undefined) return { client_id: clientId, ...(clientSecret && { client_secret: clientSecret }) }
    // A client is registered with its redirect address, whose port is another at each login.
    if (this.#dialog) return this.#freshClient
    const { client } = await this.#store.read(this.#url)
    if (!client) throw new LoginNeeded('nobody is logged in')
    return client
  }

  async saveClientInformation(client: StoredOAuthClientInformation): Promise<void> {
    this.#freshClient = client
    if (this.#dialog) return
    await this.#store.write(this.#url, { ...(await this.#store.read(this.#url)), client })
  }

  async tokens(): Promise<StoredOAuthTokens | undefined> {
    return (await this.#store.read(this.#url)).tokens
  }

  async saveTokens(tokens: StoredOAuthTokens): Promise<void> {
    const known = await this.#store.read(this.#url)
    const client = this.#freshClient ?? known.client
    await this.#store.write(this.#url, { ...(client && { client }), tokens })
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    if (this.#dialog) return this.#dialog.open(url)
    const wantedScope = url.searchParams.get('scope')
    if (wantedScope) await this.#store.write(this.#url, { ...(await this.#store.read(this.#url)), wantedScope })
    throw new LoginNeeded('the login has ended, or gives too few rights')
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  codeVerifier(): string {
    return this.#verifier
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery
  }

  async invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): Promise<void> {
    if (scope === 'discovery' || scope === 'all') this.#discovery = undefined
    if (scope === 'verifier' || scope === 'discovery') return
    const { client, tokens } = await this.#store.read(this.#url)
    if (scope === 'client' || scope === 'all') this.#freshClient = undefined
    const keepsClient = scope === 'tokens' && client
    const keepsTokens = scope === 'client' && tokens
    await this.#store.write(this.#url, { ...(keepsClient && { client }), ...(keepsTokens && { tokens }) })
  }
}

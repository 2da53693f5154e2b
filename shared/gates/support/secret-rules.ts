/** One kind of credential. */
export interface SecretRule {
  /** Last part of the finding's id. */
  kind: string
  /** What to tell the user it is. */
  name: string
  /** The secret is the group `secret`, else all of the match. Always with the flag `g`. */
  pattern: RegExp
  /** Text that must be there before the pattern is worth a try; lower case. */
  hint: string
  /** Bits a character; below this it was not drawn at random. */
  minEntropy?: number
  /** A warning only: the form alone does not prove it. */
  isLikely?: boolean
}

const rule = (
  kind: string,
  name: string,
  hint: string,
  pattern: RegExp,
  more: Partial<SecretRule> = {},
): SecretRule => ({
  kind,
  name,
  hint,
  pattern,
  ...more,
})

/** Written from the issuers' own descriptions of their formats. */
export const SECRET_RULES: readonly SecretRule[] = [
  rule(
    'private-key',
    'a private key',
    'private key',
    /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s)+(?<secret>[A-Za-z0-9+/=:,.\s\\-]{64,})/g,
  ),
  rule('aws-access-key', 'an AWS access key id', 'a', /\b(?<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b/g, {
    minEntropy: 3,
  }),
  rule(
    'aws-secret-key',
    'an AWS secret access key',
    'aws',
    /aws_?(?:secret)?_?(?:access)?_?key["']?\s*[:=]\s*["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    { minEntropy: 4 },
  ),
  rule('google-api-key', 'a Google API key', 'aiza', /\bAIza[\w-]{35}(?![\w-])/g, { minEntropy: 3.5 }),
  rule('google-oauth-secret', 'a Google OAuth client secret', 'gocspx-', /\bGOCSPX-[\w-]{28}(?![\w-])/g),
  rule('google-oauth-token', 'a Google OAuth token', 'ya29.', /\bya29\.[\w-]{40,}/g),
  rule('github-token', 'a GitHub token', 'gh', /\bgh[pousr]_[A-Za-z0-9]{36,251}\b/g),
  rule('github-fine-grained-token', 'a GitHub token', 'github_pat_', /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g),
  rule(
    'gitlab-token',
    'a GitLab token',
    'gl',
    /\bgl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat)-[\w-]{20,64}(?![\w-])/g,
    { minEntropy: 3 },
  ),
  rule('slack-token', 'a Slack token', 'xox', /\bxox[abpors]-(?:\d+-)*[A-Za-z0-9-]{16,}/g, { minEntropy: 3 }),
  rule('slack-app-token', 'a Slack app token', 'xapp-', /\bxapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{40,}/g),
  rule(
    'slack-webhook',
    'a Slack webhook',
    'hooks.slack.com',
    /https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>T\w{8,}\/\w{8,}\/\w{20,})/g,
    { minEntropy: 3 },
  ),
  rule('discord-token', 'a Discord bot token', '.', /\b[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/g, {
    minEntropy: 4.2,
  }),
  rule(
    'discord-webhook',
    'a Discord webhook',
    'discord',
    /https:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/(?<secret>[\w-]{60,})/g,
  ),
  rule('telegram-token', 'a Telegram bot token', ':aa', /\b\d{8,10}:AA[\w-]{32,33}(?![\w-])/g, { minEntropy: 4 }),
  rule('stripe-key', 'a Stripe key', '_live_', /\b[sr]k_live_[A-Za-z0-9]{16,247}\b/g, { minEntropy: 3 }),
  rule('stripe-webhook-secret', 'a Stripe webhook secret', 'whsec_', /\bwhsec_[A-Za-z0-9+/]{32,}/g, {
    minEntropy: 3.5,
  }),
  rule(
    'openai-key',
    'an OpenAI key',
    'sk-',
    /\bsk-(?:(?:proj|svcacct|admin|None)-)?[\w-]{20,100}T3BlbkFJ[\w-]{20,100}/g,
  ),
  rule('anthropic-key', 'an Anthropic key', 'sk-ant-', /\bsk-ant-(?:api|admin|oat|ort)\d{2}-[\w-]{80,120}/g),
  rule('openrouter-key', 'an OpenRouter key', 'sk-or-', /\bsk-or-v1-[0-9a-f]{64}\b/g),
  rule('groq-key', 'a Groq key', 'gsk_', /\bgsk_[A-Za-z0-9]{52}\b/g),
  rule('xai-key', 'an xAI key', 'xai-', /\bxai-[A-Za-z0-9]{80}\b/g),
  rule('perplexity-key', 'a Perplexity key', 'pplx-', /\bpplx-[A-Za-z0-9]{48}\b/g),
  rule('replicate-token', 'a Replicate token', 'r8_', /\br8_[A-Za-z0-9]{37}\b/g),
  rule('huggingface-token', 'a Hugging Face token', 'hf_', /\b(?:hf|api_org)_[A-Za-z]{34}\b/g, { minEntropy: 3.5 }),
  rule('sendgrid-key', 'a SendGrid key', 'sg.', /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g),
  rule('mailgun-key', 'a Mailgun key', 'key-', /\bkey-[0-9a-f]{32}\b/g, { minEntropy: 3 }),
  rule('mailchimp-key', 'a Mailchimp key', '-us', /\b[0-9a-f]{32}-us\d{1,2}\b/g, { minEntropy: 3 }),
  rule('twilio-key', 'a Twilio API key', 'sk', /\bSK[0-9a-f]{32}\b/g, { minEntropy: 3 }),
  rule('npm-token', 'an npm token', 'npm_', /\bnpm_[A-Za-z0-9]{36}\b/g, { minEntropy: 3.5 }),
  rule('npmrc-token', 'an npm registry token', '_auth', /:_auth(?:Token)?\s*=\s*["']?(?<secret>[\w+/=-]{20,})/g, {
    minEntropy: 3,
  }),
  rule('pypi-token', 'a PyPI token', 'pypi-', /\bpypi-AgE[\w-]{50,}/g),
  rule('rubygems-key', 'a RubyGems key', 'rubygems_', /\brubygems_[0-9a-f]{48}\b/g),
  rule('crates-token', 'a crates.io token', 'cio', /\bcio[A-Za-z0-9]{32}\b/g, { minEntropy: 4 }),
  rule('docker-token', 'a Docker Hub token', 'dckr_', /\bdckr_[po]at_[\w-]{27,}/g),
  rule('digitalocean-token', 'a DigitalOcean token', '_v1_', /\bdo[opr]_v1_[0-9a-f]{64}\b/g),
  rule('heroku-key', 'a Heroku key', 'hrku-', /\bHRKU-(?:AA[\w-]{58}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g),
  rule('azure-storage-key', 'an Azure storage key', 'accountkey=', /AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)/gi, {
    minEntropy: 4,
  }),
  rule(
    'azure-client-secret',
    'an Azure client secret',
    'q~',
    /(?<![\w~.-])(?<secret>[\w~.-]{3}\dQ~[\w~.-]{31,34})(?![\w~.-])/g,
    { minEntropy: 4 },
  ),
  rule('shopify-token', 'a Shopify token', 'shp', /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/g),
  rule('square-token', 'a Square token', 'sq0', /\bsq0(?:atp|csp)-[\w-]{22,43}/g, { minEntropy: 3.5 }),
  rule('databricks-token', 'a Databricks token', 'dapi', /\bdapi[0-9a-f]{32}(?:-\d)?\b/g, { minEntropy: 3 }),
  rule('linear-key', 'a Linear key', 'lin_', /\blin_(?:api|oauth)_[A-Za-z0-9]{40,64}\b/g),
  rule('notion-token', 'a Notion token', 'ntn_', /\bntn_[A-Za-z0-9]{46}\b/g),
  rule('airtable-token', 'an Airtable token', 'pat', /\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b/g),
  rule('figma-token', 'a Figma token', 'figd_', /\bfigd_[\w-]{40,}/g),
  rule('postman-key', 'a Postman key', 'pmak-', /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/g),
  rule('newrelic-key', 'a New Relic key', 'nrak-', /\bNRAK-[A-Z0-9]{27}\b/g),
  rule('grafana-token', 'a Grafana token', 'glsa_', /\bglsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}\b/g),
  rule('vault-token', 'a Vault token', 'hv', /\bhv[sbr]\.[\w-]{24,300}/g, { minEntropy: 3.5 }),
  rule('terraform-token', 'a Terraform Cloud token', '.atlasv1.', /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}/g),
  rule('doppler-token', 'a Doppler token', 'dp.', /\bdp\.(?:pt|st|ct|sa)\.(?:[\w-]+\.)?[A-Za-z0-9]{40,44}\b/g),
  rule('planetscale-token', 'a PlanetScale token', 'pscale_', /\bpscale_(?:tkn|pw|oauth)_[\w.-]{32,64}/g),
  rule('supabase-token', 'a Supabase token', 'sb', /\bsb(?:p_[0-9a-f]{40}|_secret_[\w-]{22,})\b/g),
  rule('cloudflare-origin-key', 'a Cloudflare origin key', 'v1.0-', /\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b/g),
  rule('dynatrace-token', 'a Dynatrace token', 'dt0', /\bdt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b/g),
  rule('age-key', 'an age key', 'age-secret-key-1', /\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b/g),
  rule('sentry-token', 'a Sentry token', 'sntry', /\bsntry(?:u_[0-9a-f]{64}|s_eyJ[\w+/=-]{40,})/g),
  rule('dropbox-token', 'a Dropbox token', 'sl.', /\bsl\.(?:u\.)?[\w-]{130,}/g, { minEntropy: 4.5 }),
  rule('atlassian-token', 'an Atlassian token', 'atatt3', /\bATATT3[\w=-]{180,}/g),
  rule('flyio-token', 'a Fly.io token', 'fm2_', /\bfm2_[A-Za-z0-9+/=]{100,}/g),
  rule('pulumi-token', 'a Pulumi token', 'pul-', /\bpul-[0-9a-f]{40}\b/g),
  rule('buildkite-token', 'a Buildkite token', 'bkua_', /\bbkua_[0-9a-f]{40}\b/g),
  rule('circleci-token', 'a CircleCI token', 'cci', /\bCCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}\b/g),
  rule('contentful-token', 'a Contentful token', 'cfpat-', /\bCFPAT-[\w-]{43}\b/g),
  rule('tailscale-key', 'a Tailscale key', 'tskey-', /\btskey-(?:auth|api|client)-[A-Za-z0-9]+-[A-Za-z0-9]{20,}\b/g),
  rule('onepassword-token', 'a 1Password token', 'ops_eyj', /\bops_eyJ[\w+/=-]{200,}/g),
  rule('mapbox-token', 'a secret Mapbox token', 'sk.eyj', /\bsk\.eyJ[\w-]{50,}\.[\w-]{20,}/g),
  rule('facebook-token', 'a Facebook token', 'eaa', /\bEAA[CM][A-Za-z0-9]{100,}\b/g, { minEntropy: 4.5 }),
  rule('prefect-key', 'a Prefect key', 'pnu_', /\bpnu_[A-Za-z0-9]{36}\b/g),
  rule('easypost-key', 'an EasyPost key', 'ezak', /\bEZAK[A-Za-z0-9]{54}\b/g),
  rule('langsmith-key', 'a LangSmith key', 'lsv2_', /\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b/g),
  rule(
    'url-password',
    'a password in a URL',
    '://',
    /\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|mssql|clickhouse|https?|ftp|ssh|smtps?|ldaps?):\/\/[\w.%+-]*:(?<secret>[^\s@/:'"`<>{}$()*|]{6,})@(?!localhost|127\.|0\.0\.0\.0|example|host\b|db\b)[\w.-]+/g,
    { minEntropy: 2.6 },
  ),
  rule('jwt', 'a signed token', 'eyj', /\beyJ[\w-]{10,}\.eyJ[\w-]{20,}\.[\w-]{20,}/g, {
    isLikely: true,
    minEntropy: 4,
  }),
  rule(
    'authorization-header',
    'credentials in a header',
    'authorization',
    /authorization["']?\s*[:=,]\s*["'`](?:basic|bearer|token)\s+(?<secret>[\w+/=.~-]{16,})["'`]/gi,
    { minEntropy: 3.5 },
  ),
  rule(
    'generic-secret',
    'a password or key',
    '',
    /(?<![\w.-])(?:[\w-]*[_-])?(?:api_?key|apikey|secret(?:_?key)?|access_?token|auth_?token|client_?secret|private_?key|passw(?:or)?d|pwd|encryption_?key)["']?\s*(?::\s*(?:str|string|&str|&'static str)\s*)?(?::?=|:|=>)\s*["'](?<secret>[^"'\s]{12,128})["']/gi,
    { isLikely: true, minEntropy: 3.6 },
  ),
]

import { seeded } from './seeded'

/** Made when asked for, from a seed: no text that looks like a credential stands in the repository. */
export function fakeSecrets(seed: number): readonly (readonly [kind: string, text: string])[] {
  const random = seeded(seed)
  const pick = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const lower = upper.toLowerCase()
  const digits = '0123456789'
  const word = (length: number) => pick(upper + lower + digits, length)
  const hex = (length: number) => pick(`${digits}abcdef`, length)
  const base64 = (length: number) => pick(`${upper}${lower}${digits}+/`, length)
  const capitals = (length: number) => pick(upper + digits, length)
  const number = (length: number) => `7${pick(digits, length - 1)}`
  const quoted = (name: string, value: string) => `${name} = "${value}"`
  return [
    ['private-key', ['-----BEGIN RSA', `PRIVATE KEY-----\n${base64(64)}\n${base64(64)}\n`].join(' ')],
    ['aws-access-key', quoted('id', `AK${'IA'}${pick(`${upper}234567`, 16)}`)],
    ['aws-secret-key', quoted('aws_secret_access_key', base64(40))],
    ['google-api-key', quoted('key', `AI${'za'}${word(35)}`)],
    ['google-oauth-secret', quoted('x', `GOC${'SPX-'}${word(28)}`)],
    ['google-oauth-token', quoted('x', `ya${'29.'}${word(60)}`)],
    ['github-token', quoted('x', `gh${'p_'}${word(36)}`)],
    ['github-token', quoted('x', `gh${'s_'}${word(36)}`)],
    ['github-fine-grained-token', quoted('x', `github_${'pat_'}${word(22)}_${word(59)}`)],
    ['gitlab-token', quoted('x', `gl${'pat-'}${word(20)}`)],
    ['slack-token', quoted('x', `xo${'xb-'}${number(12)}-${number(12)}-${word(24)}`)],
    ['slack-app-token', quoted('x', `xa${'pp-'}1-${capitals(11)}-${number(13)}-${hex(64)}`)],
    ['slack-webhook', quoted('x', `https://hooks.slack${'.com'}/services/T${capitals(9)}/B${capitals(9)}/${word(24)}`)],
    ['discord-token', quoted('x', `M${word(23)}.${word(6)}.${word(38)}`)],
    ['discord-webhook', quoted('x', `https://discord${'.com'}/api/webhooks/${number(18)}/${word(68)}`)],
    ['telegram-token', quoted('x', `${number(10)}:A${'A'}${word(33)}`)],
    ['stripe-key', quoted('x', `sk_${'live_'}${word(24)}`)],
    ['stripe-webhook-secret', quoted('x', `wh${'sec_'}${word(32)}`)],
    ['openai-key', quoted('x', `sk-${'proj-'}${word(40)}T3Blbk${'FJ'}${word(40)}`)],
    ['anthropic-key', quoted('x', `sk-${'ant-'}api03-${word(93)}AA`)],
    ['openrouter-key', quoted('x', `sk-${'or-'}v1-${hex(64)}`)],
    ['groq-key', quoted('x', `gs${'k_'}${word(52)}`)],
    ['xai-key', quoted('x', `xa${'i-'}${word(80)}`)],
    ['perplexity-key', quoted('x', `pp${'lx-'}${word(48)}`)],
    ['replicate-token', quoted('x', `r${'8_'}${word(37)}`)],
    ['huggingface-token', quoted('x', `h${'f_'}${pick(upper + lower, 34)}`)],
    ['sendgrid-key', quoted('x', `S${'G.'}${word(22)}.${word(43)}`)],
    ['mailgun-key', quoted('x', `ke${'y-'}${hex(32)}`)],
    ['mailchimp-key', quoted('x', `${hex(32)}-u${'s12'}`)],
    ['twilio-key', quoted('x', `S${'K'}${hex(32)}`)],
    ['npm-token', quoted('x', `np${'m_'}${word(36)}`)],
    ['npmrc-token', `//npm.acme.dev/:_auth${'Token='}${hex(36)}`],
    ['pypi-token', quoted('x', `pyp${'i-'}AgEIcHlwaS5vcmc${word(60)}`)],
    ['rubygems-key', quoted('x', `ruby${'gems_'}${hex(48)}`)],
    ['crates-token', quoted('x', `ci${'o'}${word(32)}`)],
    ['docker-token', quoted('x', `dckr_${'pat_'}${word(27)}`)],
    ['digitalocean-token', quoted('x', `dop_${'v1_'}${hex(64)}`)],
    ['heroku-key', quoted('x', `HRKU${'-AA'}${word(58)}`)],
    ['azure-storage-key', quoted('x', `AccountName=a;Account${'Key='}${base64(86)}==`)],
    ['azure-client-secret', quoted('x', `${word(3)}8${'Q~'}${word(34)}`)],
    ['shopify-token', quoted('x', `shp${'at_'}${hex(32)}`)],
    ['square-token', quoted('x', `sq0${'atp-'}${word(22)}`)],
    ['databricks-token', quoted('x', `da${'pi'}${hex(32)}`)],
    ['linear-key', quoted('x', `lin_${'api_'}${word(40)}`)],
    ['notion-token', quoted('x', `nt${'n_'}${word(46)}`)],
    ['airtable-token', quoted('x', `pa${'t'}${word(14)}.${hex(64)}`)],
    ['figma-token', quoted('x', `fi${'gd_'}${word(43)}`)],
    ['postman-key', quoted('x', `PM${'AK-'}${hex(24)}-${hex(34)}`)],
    ['newrelic-key', quoted('x', `NR${'AK-'}${capitals(27)}`)],
    ['grafana-token', quoted('x', `gl${'sa_'}${word(32)}_${hex(8)}`)],
    ['vault-token', quoted('x', `hv${'s.'}${word(95)}`)],
    ['terraform-token', quoted('x', `${word(14)}.atlas${'v1.'}${word(67)}`)],
    ['doppler-token', quoted('x', `dp.${'pt.'}${word(43)}`)],
    ['planetscale-token', quoted('x', `pscale_${'tkn_'}${word(43)}`)],
    ['supabase-token', quoted('x', `sb${'p_'}${hex(40)}`)],
    ['cloudflare-origin-key', quoted('x', `v1.${'0-'}${hex(24)}-${hex(146)}`)],
    ['dynatrace-token', quoted('x', `dt0${'c01.'}${capitals(24)}.${capitals(64)}`)],
    ['age-key', quoted('x', `AGE-SECRET${'-KEY-1'}${pick('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`)],
    ['sentry-token', quoted('x', `sntry${'u_'}${hex(64)}`)],
    ['dropbox-token', quoted('x', `s${'l.'}${word(140)}`)],
    ['atlassian-token', quoted('x', `ATA${'TT3'}${word(186)}`)],
    ['flyio-token', quoted('x', `fm${'2_'}${base64(120)}`)],
    ['pulumi-token', quoted('x', `pu${'l-'}${hex(40)}`)],
    ['buildkite-token', quoted('x', `bk${'ua_'}${hex(40)}`)],
    ['circleci-token', quoted('x', `CCI${'PAT_'}${word(22)}_${hex(40)}`)],
    ['contentful-token', quoted('x', `CF${'PAT-'}${word(43)}`)],
    ['tailscale-key', quoted('x', `tskey${'-auth-'}${word(14)}-${word(32)}`)],
    ['onepassword-token', quoted('x', `ops${'_eyJ'}${word(250)}`)],
    ['mapbox-token', quoted('x', `sk.${'eyJ'}${word(60)}.${word(22)}`)],
    ['facebook-token', quoted('x', `EA${'AC'}${word(150)}`)],
    ['prefect-key', quoted('x', `pn${'u_'}${word(36)}`)],
    ['easypost-key', quoted('x', `EZ${'AK'}${word(54)}`)],
    ['langsmith-key', quoted('x', `lsv2${'_pt_'}${hex(32)}_${hex(10)}`)],
    ['url-password', quoted('x', `postgres://shop:${word(20)}@db1.acme.io:5432/shop`)],
    ['authorization-header', `headers = {"Authorization": "Basic ${base64(32)}"}`],
    ['jwt', quoted('x', `ey${'J'}${word(20)}.ey${'J'}${word(60)}.${word(43)}`)],
    ['generic-secret', quoted('db_password', `${word(9)}!${word(9)}7Zq`)],
  ]
}

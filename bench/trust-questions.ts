/**
 * Questions asked per 100 everyday command lines in `auto` and `safe`, beside a list of allowed first words as other
 * agents use it, and what of the adversarial lines such a list lets through. `npm run report:questions`
 */
import { readAsset } from '#shared/host/node/assets'
import { ShellParser } from '#shared/trust/shell-parser'
import { checkCommand, type TrustCheck } from '#shared/trust/trust-check'
import { readCorpus } from '../test/shared/trust/corpus'

const place = { root: '/work/project', home: '/home/me' }
const parser = new ShellParser(readAsset)
const corpus = readCorpus('test/shared/trust/data')

/** The usual readers; everything else asks. */
const FIRST_WORDS =
  /^\s*(ls|cat|head|tail|wc|grep|rg|find|echo|pwd|which|du|df|ps|date|sort|uniq|cut|tree|file|stat|diff|sed|awk|jq|git (status|log|diff|show|branch|remote|tag|rev-parse))(\s|$)/

const everyday: TrustCheck[] = []
for (const { command } of corpus.filter(line => line.group === 'everyday')) {
  everyday.push(await checkCommand(command, place, parser))
}
const asked = (question: (check: TrustCheck) => boolean) =>
  ((100 * everyday.filter(question).length) / everyday.length).toFixed(1)
const byWords = asked(({ command }) => !FIRST_WORDS.test(command))
console.log(`questions per 100 of ${everyday.length} everyday lines`)
console.log(`  auto: kode ${asked(({ decisions }) => decisions.auto !== 'allow')}, a list of first words ${byWords}`)
console.log(`  safe: kode ${asked(({ decisions }) => decisions.safe !== 'allow')}, a list of first words ${byWords}`)

const readers = everyday.filter(check => check.class === 'read_only')
const readersAskedByKode = readers.filter(({ decisions }) => decisions.safe !== 'allow').length
const readersAsked = readers.filter(({ command }) => !FIRST_WORDS.test(command)).length
console.log(
  `  of ${readers.length} that only read: kode in safe ${readersAskedByKode}, a list of first words ${readersAsked}`,
)

const adversarial = corpus.filter(line => line.group !== 'everyday' && line.auto !== 'allow')
let [passed, passedByWords] = [0, 0]
for (const { command } of adversarial) {
  const { decisions } = await checkCommand(command, place, parser)
  if (decisions.auto === 'allow') passed++
  if (FIRST_WORDS.test(command)) passedByWords++
}
console.log(
  `of ${adversarial.length} lines that must ask, unasked: kode ${passed}, a list of first words ${passedByWords}`,
)

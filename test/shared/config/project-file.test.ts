import { expect, test } from 'vitest'
import { readProjectFile } from '#shared/config/project-file'

test.each([
  ['{ "modle": "x" }', 'unknown key "modle"'],
  ['{ "engine": { "max_rouns": 1 } }', 'unknown key "engine.max_rouns"'],
  ['{ "providers": { "gateway_url": "https://x" } }', '"providers.gateway_url" changes nothing: only the user'],
  ['{ "verify": { "enabled": false } }', '"verify.enabled" changes nothing: every change is verified'],
  ['{ "blindfold": { "on_parse_error": "block" } }', '"blindfold.on_parse_error" changes nothing'],
])('%s is read, with a warning', (text, warning) => {
  const read = readProjectFile(text, 'kode.json')
  expect(read.ok && read.value.warnings).toEqual([expect.stringContaining(`kode.json: ${warning}`)])
})

test.each([
  '{}',
  '{ "engine": { "browser_verification": true, "browser_steps": ["Log in"] } }',
  '{ "verify": { "enabled": true, "gates": ["syntax", "security"] } }',
  '// mine\n{ "ghost": { "enabled": true, "branches": 2, }, }',
])('%s is read without a word', text => {
  const read = readProjectFile(text, 'kode.json')
  expect(read.ok && read.value.warnings).toEqual([])
})

test.each([
  ['{ "engine": { "max_rounds": "3" } }', 'kode.json: engine.max_rounds: expected number, found "3"'],
  [
    '{ "engine": { "browser_steps": ["click:"] } }',
    'kode.json: engine.browser_steps: "click:" is no step; write click: SEL',
  ],
  ['{ "engine": { "browser_path": "shop" } }', 'kode.json: engine.browser_path: expected "/"'],
  ['{ "verify": { "gates": ["sintax"] } }', 'kode.json: verify.gates.0: expected'],
  ['{ "verify": { "gates": [] } }', 'kode.json: verify.gates: expected'],
  ['{\n  "engine": }', 'kode.json:2:'],
])('%s is an error that says where', (text, error) => {
  const read = readProjectFile(text, 'kode.json')
  expect(!read.ok && read.error).toContain(error)
})

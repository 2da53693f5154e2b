#!/usr/bin/env bash
# What a CI job does with kode: only exit codes, stdout and JSON. Usage: ci.sh KODE SCHEMA_FILE; the model is scripted.
set -euo pipefail
kode=("$@")

fail() { echo "FAILED: $1" >&2; exit 1; }
field() { node -e 'const v = JSON.parse(require("fs").readFileSync(0, "utf8"))[process.argv[1]]; console.log(typeof v === "string" ? v : JSON.stringify(v))' "$1"; }
# Runs kode with a script of replies; leaves its stdout in $out and its exit code in $code.
run() { code=0; out=$(KODE_MOCK_RESPONSES="$1" "${kode[@]}" --provider mock --ephemeral "${@:2}" 2>/dev/null </dev/null) || code=$?; }
expect() { [ "$code" = "$1" ] || fail "$2: exit code $code instead of $1"; }

run '[{"text":"Hello."}]' 'say hello'
expect 0 'an answer'
[ "$out" = 'Hello.' ] || fail "stdout holds more than the answer: $out"

run '[{"tool":"Write","args":{"file_path":"a.js","content":"export const a = 1\n"}},{"text":"Written."}]' \
  --output-format json --require-changes --verify 'test -f a.js' 'write a file'
expect 0 'a verified change'
[ "$(field changes <<<"$out")" = '[{"path":"a.js","status":"created"}]' ] || fail 'changes'
[ -f a.js ] || fail 'the file is missing'

run '[{"text":"Everything passes."}]' --output-format json --verify 'false' 'claim it'
expect 1 'a claim that --verify refutes'
[ "$(field success <<<"$out")" = false ] || fail 'success of a failed run'

run '[{"text":"nothing to do"}]' --require-changes 'change something'
expect 1 'no change where one was required'

run '[{"tool":"Delete","args":{"file_path":"README.md"}},{"text":"I could not."}]' --output-format json 'delete it'
expect 4 'a denied call'
[ -f README.md ] || fail 'a denied call was carried out'

run '[{"tool":"ListFiles","args":{}},{"tool":"ListFiles","args":{"recursive":true}},{"text":"x"}]' \
  --output-format json --max-turns 1 'look around'
expect 3 'a limit'
[ "$(field limit <<<"$out")" = turns ] || fail 'the limit is not named'

run '[{"error":"broken"}]' --fail-fast --output-format json 'go'
expect 5 'a provider that fails'

run '[]' --output-format yaml 'go'
expect 2 'wrong usage'

run '[{"text":"one"}]' --output-format stream-json 'go'
expect 0 'a stream'
[ "$(tail -n 1 <<<"$out" | field type)" = result ] || fail 'the last line is no result'
[ "$(head -n 1 <<<"$out" | field type)" = session ] || fail 'the first line is no session'

echo '{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}' > schema.json
run '[{"text":"It is one."},{"text":"{\"n\":1}"}]' --output-schema schema.json --output-format json 'how many'
expect 0 'a reply that satisfies a schema'
[ "$(field output <<<"$out")" = '{"n":1}' ] || fail 'the parsed reply'
run '[{"text":"a"},{"text":"b"},{"text":"c"}]' --output-schema schema.json --output-format json 'how many'
expect 1 'a reply that never satisfies its schema'

run '[{"tool":"Bash","args":{"command":"sleep 60"}},{"text":"x"}]' --output-format json --timeout 1 'wait'
expect 3 'a limit of time'
[ "$(field limit <<<"$out")" = time ] || fail 'the limit of time is not named'

run '[{"text":"x"}]' --max-cost 1 'spend'
expect 2 'a limit of cost without a price'

run '[{"tool":"Write","args":{"file_path":"b.js","content":"export const b = 2\n"}},{"text":"x"}]' --patch-file run.patch 'write'
expect 0 'a patch'
grep -q '^+export const b = 2$' run.patch || fail 'the patch does not hold the change'

KODE_MOCK_RESPONSES='[{"tool":"Bash","args":{"command":"touch begun; sleep 60"}}]' \
  "${kode[@]}" --provider mock --ephemeral --output-format json 'wait' > ended.json 2>/dev/null </dev/null &
for _ in $(seq 300); do [ -f begun ] && break; sleep 0.1; done
kill -TERM $!
code=0; wait $! || code=$?
expect 143 'a run that is terminated'
[ "$(field stop_reason < ended.json)" = cancelled ] || fail 'a terminated run leaves its result'

echo 'CI OK'

/** A `secret-tool` that keeps its secrets in the folder $FAKE_KEYCHAIN, beside a list of everything it was called with. */
export const FAKE_SECRET_TOOL = `#!/bin/sh
echo "$*" >> "$FAKE_KEYCHAIN/arguments"
action=$1
for account in "$@"; do :; done
case "$action" in
  store) cat > "$FAKE_KEYCHAIN/secret-$account" ;;
  lookup) cat "$FAKE_KEYCHAIN/secret-$account" ;;
  clear) rm "$FAKE_KEYCHAIN/secret-$account" ;;
esac
`

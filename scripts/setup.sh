#!/bin/sh
# Everything a fresh machine needs, for one of two jobs: `setup.sh demo` or `setup.sh test`.
# Does nothing that is done already. Needs Node and npm; Debian packages are installed when that is permitted.
set -eu
cd "$(dirname "$0")/.."

job=${1:-demo}
packages="bubblewrap ripgrep git"
# The escape suite looks at the machine with these; the browser tests need Chromium, VS Code's addons a compiler.
[ "$job" = test ] && packages="$packages procps util-linux linux-libc-dev chromium libkrb5-dev python3 make g++"
# Sources of real Go and Rust projects that kode changes in tests.
[ "$job" = test ] && packages="$packages golang-github-spf13-pflag-dev librust-regex-syntax-dev"
# Their test runners, for `kode loop`.
[ "$job" = test ] && packages="$packages golang-go python3-pytest"
# For the deep checks of Rust and `kode loop` on it: 300 MB, unless some cargo is there.
[ "$job" = test ] && packages="$packages cargo"

# --- Debian packages ---------------------------------------------------------------------------------------------
missing=
for package in $packages; do
  case $package in
    bubblewrap) command -v bwrap >/dev/null 2>&1 && continue ;;
    ripgrep) command -v rg >/dev/null 2>&1 && continue ;;
    git | chromium | python3 | make | g++ | cargo) command -v "$package" >/dev/null 2>&1 && continue ;;
    *) dpkg -s "$package" >/dev/null 2>&1 && continue ;;
  esac
  missing="$missing $package"
done
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "kode needs these programs; please install them:$missing" >&2
    exit 2
  fi
  sudo=
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      sudo="sudo -n"
    else
      echo "kode needs these Debian packages: sudo apt-get install -y$missing" >&2
      exit 2
    fi
  fi
  echo "installing:$missing" >&2
  $sudo apt-get update -q >/dev/null
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
fi

# --- npm packages ------------------------------------------------------------------------------------------------
# Only Node itself (npm scripts run on it, whatever the machine has) needs its install script.
stamp=node_modules/.kode-setup
if [ ! -e "$stamp" ] || ! cmp -s package-lock.json "$stamp"; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  npm rebuild node --loglevel=error >/dev/null
  cp package-lock.json "$stamp"
fi

if [ "$job" = test ] && [ -e scripts/install-code-server.sh ]; then
  sh scripts/install-code-server.sh
fi

#!/bin/sh
# Debian packages for the tests in a real VS Code: the browser, and what VS Code's native addons are compiled with.
# Does nothing when they are there.
set -eu

missing=
for package in chromium libkrb5-dev python3 make g++; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "These Debian packages are missing; install them first: sudo apt-get install$missing" >&2
  exit 1
fi
apt-get update -q
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing

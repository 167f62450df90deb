#!/bin/sh
# Installs what only the page tests and the reading of scans need (Debian, Ubuntu): Chromium, axe-core from npm, Tesseract.
# Without them those tests are skipped, except in CI, where the page tests fail instead.
set -eu
cd "$(dirname "$0")/.."
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium fonts-dejavu-core"
command -v tesseract >/dev/null 2>&1 || missing="$missing tesseract-ocr tesseract-ocr-eng"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 - a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
  else
    echo "Missing: $missing. Install as root (apt-get install); their tests are skipped without them." >&2
  fi
fi
# Exactly the locked version; the lock file holds its hash.
installed=deploy/browser/node_modules/.package-lock.json
if command -v npm >/dev/null 2>&1 && [ ! "$installed" -nt deploy/browser/package-lock.json ]; then
  if npm ci --silent --prefix deploy/browser; then
    touch "$installed"
  else
    echo "axe-core could not be fetched; the tests that need it are skipped without it." >&2
  fi
fi

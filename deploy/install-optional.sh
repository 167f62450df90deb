#!/bin/sh
# Installs optional system packages (Debian, Ubuntu): Chromium for the page tests, Tesseract to read scanned pages. Without
# them those tests are skipped.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium fonts-dejavu-core"
command -v tesseract >/dev/null 2>&1 || missing="$missing tesseract-ocr tesseract-ocr-eng"
if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Missing: $missing. Install as root (apt-get install); their tests are skipped without them." >&2
  exit 0
fi
apt-get update -qq
# shellcheck disable=SC2086 - a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The rules of the house that no other tool knows: licence line, caption, size, ASCII, no stray
# white space. Prints what breaks them.
set -euo pipefail
shopt -s nullglob

lines_max=500
sources=({include,bpf,user,tests,tests/*}/*.[ch])
scripts=({scripts,scripts/completion,tests/*,tests/*/*}/*.sh .ci/run)
broken=0

refuse() {
  printf '%s\n' "$1"
  broken=1
}

# Which licence a file must name; LICENSE says the same to people.
licence_of() {
  case $1 in
  *.bpf.c | *.bpf.h) echo 'GPL-2.0-only' ;;
  include/* | bpf/*) echo 'GPL-2.0-only( OR Apache-2.0)?' ;;
  *) echo 'Apache-2.0' ;;
  esac
}

check_licence() {
  head -n 2 "$1" | grep -qE "SPDX-License-Identifier: $(licence_of "$1")( \*/)?\$" ||
    refuse "$1: its first lines do not say SPDX-License-Identifier: $(licence_of "$1")"
}

check_header() {
  grep -qx '#pragma once' "$1" || refuse "$1: no #pragma once"
  [[ $(sed -n 2p "$1") == '/*'* ]] || refuse "$1: no caption under the licence line"
}

check_script() {
  [[ $(sed -n 3p "$1") == '# '* ]] || refuse "$1: no caption under the licence line"
  grep -qE '^set -euo pipefail$' "$1" || refuse "$1: no set -euo pipefail"
}

for file in "${sources[@]}" "${scripts[@]}"; do
  check_licence "$file"
  [ "$(wc -l <"$file")" -le $lines_max ] || refuse "$file: more than $lines_max lines"
done
for file in "${sources[@]}"; do
  [[ $file != *.h ]] || check_header "$file"
done
for file in "${scripts[@]}"; do
  check_script "$file"
done
if LC_ALL=C grep -nHP '[^\x00-\x7f]' "${sources[@]}" "${scripts[@]}" Makefile /dev/null; then
  refuse 'the lines above are not ASCII'
fi
if grep -nHE '[[:space:]]+$' "${sources[@]}" "${scripts[@]}" Makefile /dev/null; then
  refuse 'the lines above end in white space'
fi
exit $broken

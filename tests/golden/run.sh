#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks every NAME.yaml here and every example, and compares the diagnostics and the exit status
# with NAME.ok. An example's .ok is here, too, under the name of the example.
# Usage: run.sh [--update] [NAME...]
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
vaultwall=${VAULTWALL:-$root/build/vaultwall}
update=
failed=0

if [ "${1-}" = --update ]; then
  update=1
  shift
fi
names=("$@")

is_wanted() {
  local name
  [ ${#names[@]} -gt 0 ] || return 0
  for name in "${names[@]}"; do
    [ "$name" != "$1" ] || return 0
  done
  return 1
}

# Only diagnostics: what else the command says is not what is tested here.
judge() {
  local status=0 said
  said=$(cd "$(dirname "$1")" && "$vaultwall" check "$(basename "$1")" 2>&1 >/dev/null) || status=$?
  grep -E '^[^ ]+: (error|warning|note): ' <<<"$said" || true
  echo "exit $status"
}

compare() {
  local name expected found difference
  name=$(basename "$1" .yaml)
  expected=$root/tests/golden/$name.ok
  is_wanted "$name" || return 0
  found=$(judge "$1")
  if [ -n "$update" ]; then
    printf '%s\n' "$found" >"$expected"
  elif difference=$(diff -u "$expected" - <<<"$found" 2>&1); then
    echo "ok $name"
  else
    failed=1
    echo "not ok $name"
    printf '%s\n' "$difference"
  fi
}

for file in "$root"/tests/golden/*.yaml "$root"/rules/*.yaml; do
  # The configuration of a node is no rules.
  [ "$(basename "$file")" = node.yaml ] || compare "$file"
done
exit $failed

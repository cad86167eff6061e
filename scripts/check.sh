#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The body of `make check`: every step in turn, a broken one does not hide the next. A step that
# records no tests of its own counts as one test. Ends with summary.sh's line and status.
set -euo pipefail

results=build/test-results
steps=(all lint-format lint-house lint-layering lint-manuals lint-cppcheck lint-shellcheck
  lint-headers lint-analyze lint-tidy unit golden fuzz-short packet netns)

rm -rf "$results"
mkdir -p "$results"

# failures_of TIER: how many it recorded; empty if it recorded nothing
failures_of() {
  [ ! -s "$results/$1.tsv" ] || awk -F '\t' '{ n += $4 } END { print n + 0 }' "$results/$1.tsv"
}

run_step() {
  local tier=${1%-short} status=0 failures
  printf -- '-- %s\n' "$1"
  # shellcheck disable=SC2086  # a command with its flags
  ${MAKE:-make} -k $1 2>&1 || status=$?
  failures=$(failures_of "$tier")
  if [ "$status" -eq 0 ] && [ -z "$failures" ]; then
    printf '%s\t0\t1\t0\t0\n' "$1" >>"$results/$tier.tsv"
  elif [ "$status" -ne 0 ] && [ "${failures:-0}" -eq 0 ]; then
    printf '%s\t0\t0\t1\t0\n' "$1" >>"$results/$tier.tsv"
    printf 'FAIL  %s\n' "$1"
  fi
}

for step in "${steps[@]}"; do
  run_step "$step"
done
printf -- '-- failures\n'
cat "$results"/*.tsv |
  awk -F '\t' '$4 > 0 { print "failed: " $1; n++ } END { if (!n) print "none" }'
[ "$(id -u)" -ne 0 ] || chown -R --reference=Makefile build
exec scripts/summary.sh

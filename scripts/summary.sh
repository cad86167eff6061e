#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Adds up what run-tests.sh recorded, for the named tiers or for all, and prints one line:
# N passed, N failed, N skipped. Fails if anything failed or if nothing ran; but one tier, asked for
# by name, may be skipped whole.
# Usage: summary.sh [TIER]...
set -euo pipefail

cd build/test-results
shopt -s nullglob
tables=("${@/%/.tsv}")
[ $# -gt 0 ] || tables=(*.tsv)
cat /dev/null "${tables[@]}" | awk -F '\t' -v tiers=$# '
  { passed += $3; failed += $4; skipped += $5 }
  END {
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed + (tiers ? skipped : 0) == 0
  }'

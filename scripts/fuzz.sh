#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one fuzz target. Without FUZZ_SECONDS a short, repeatable run: the seeds, then FUZZ_RUNS
# inputs from a fixed random start. With it, a search that keeps its corpus in build/fuzz/NAME.
# Seeds are tests/fuzz/corpus/NAME/*, words tests/fuzz/NAME.dict; both may be absent.
# Usage: fuzz.sh PROGRAM
set -euo pipefail

program=$1
name=$(basename "$program")
seeds=tests/fuzz/corpus/$name
words=tests/fuzz/$name.dict
found=build/fuzz/$name
[ -n "${FUZZ_SECONDS-}" ] || found=build/fuzz/$name.short
[ -n "${FUZZ_SECONDS-}" ] || rm -rf "$found"
mkdir -p "$found"

# Left alone, libFuzzer ends with 77 on a finding, which is how a test says that it was skipped.
options=(-error_exitcode=1 -timeout=10 -rss_limit_mb=1024
  "-artifact_prefix=build/fuzz/$name-")
[ ! -f "$words" ] || options+=("-dict=$words")
if [ -n "${FUZZ_SECONDS-}" ]; then
  options+=("-max_total_time=$FUZZ_SECONDS")
else
  options+=(-seed=1 "-runs=${FUZZ_RUNS:-20000}" -max_total_time=20)
fi
options+=("$found") # the first folder is where libFuzzer writes; the seeds are only read
[ ! -d "$seeds" ] || options+=("$seeds")
exec "$program" "${options[@]}"

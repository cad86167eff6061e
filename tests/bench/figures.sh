#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For the scripts of the benchmark: figures from several runs, in the manner of
# tests/support/bench_report.c.
#   source figures.sh; figure NAME UNIT VALUE...
set -euo pipefail

# Prints the median with the least and the greatest, and appends it to $BENCH_FIGURES.
figure() {
  printf '%s\n' "${@:3}" | sort -g | awk -v name="$1" -v unit="$2" -v file="${BENCH_FIGURES:-/dev/null}" '
    { value[NR] = $1 }
    END {
      median = (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2
      printf "  %-34s %10.3f %-6s [%.3f %.3f]\n", name, median, unit, value[1], value[NR]
      printf "{\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"min\": %.4f, \"max\": %.4f, \"runs\": %d}\n",
        name, median, unit, value[1], value[NR], NR >>file
    }'
}

median_of() {
  printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# over A B: with four decimals
over() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f\n", a / b }'; }

# seconds COMMAND...: how long it takes; what it prints is not for us
seconds() {
  local begin=$EPOCHREALTIME end
  "$@" >/dev/null || return
  end=$EPOCHREALTIME
  awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.4f\n", b - a }'
}

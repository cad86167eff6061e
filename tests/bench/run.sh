#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark: figures into build/bench.json, a table with the marks, a plot of the growth.
# Missed marks do not fail it, verdicts that differ from the reference do.
# Usage: run.sh [packets|wire|connections|rules|decisions|gate|growth]...  (default: all)
#   QUICK=1: fewer runs, smaller lists
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$here/../.." && pwd)/build
programs=$build/tests/bench
plot_data=$build/bench-growth.txt
export PATH=$PATH:/usr/sbin:/sbin

[ "$(id -u)" -eq 0 ] || { echo 'bench: only root may load BPF programs' >&2 && exit 1; }
for tool in jq bpftool unshare; do
  command -v "$tool" >/dev/null ||
    { echo "bench: there is no $tool; scripts/install-dependencies.sh bench installs it" >&2 && exit 1; }
done

export VAULTWALL=${VAULTWALL:-$build/vaultwall} BENCH_FIGURES=$build/bench-figures.txt QUICK=${QUICK:-}
growth_sizes='10 100 1000 10000 100000 1000000 10000000' growth_runs=${BENCH_RUNS-}
if [ -n "$QUICK" ]; then
  export BENCH_RUNS=${BENCH_RUNS:-2}
  growth_sizes='10 10000' growth_runs=1
fi
mkdir -p "$build"
: >"$BENCH_FIGURES"

# part NAME TITLE COMMAND...
part() {
  [[ " $wanted " == *" $1 "* ]] || return 0
  echo "$2"
  "${@:3}" || { echo "bench: $1 failed" >&2 && failed+=" $1"; }
}

growth() {
  # shellcheck disable=SC2086  # a list
  BENCH_RUNS=$growth_runs "$programs/growth" $growth_sizes >"$plot_data" || return
  printf '  %10s %8s %8s %8s\n' ranges floor filter LPM_TRIE
  awk '{ printf "  %10d %8.1f %8.1f %8.1f\n", $1, $2, $3, $4 }' "$plot_data"
  plot
}

# A picture with gnuplot, and text without it: a row a size, a column for ten nanoseconds (log).
plot() {
  if command -v gnuplot >/dev/null; then
    gnuplot -e "data = '$plot_data'; picture = '$build/bench.svg'" "$here/growth.gnuplot" &&
      echo "  plot: build/bench.svg" && return
  fi
  awk '
    function place(ns) { return int(log(ns) / log(10) * 18) }
    { row = sprintf("%72s", ""); row = put(row, place($2), "."); row = put(row, place($4), "L")
      printf "  %8d |%s\n", $1, put(row, place($3), "F") }
    function put(row, at, mark) { return substr(row, 1, at) mark substr(row, at + 2) }
    END { print "  ns, logarithmic: . floor, F filter, L LPM_TRIE; 1 at the left, tenfold every 18 columns" }
  ' "$plot_data"
}

# The marks beside what was reached.
table() {
  jq -r '.[] | [.name, .value, .unit] | @tsv' "$build/bench.json" | awk -v marks="$here/marks.txt" '
    BEGIN {
      while ((getline line < marks) > 0) {
        split(line, field, " ")
        if (field[1] !~ /^#/) { relation[field[1]] = field[2]; mark[field[1]] = field[3] }
      }
      printf "%-36s %10s    %-8s %s\n", "figure", "value", "mark", ""
    }
    $1 in mark {
      reached = relation[$1] == "<=" ? $2 <= mark[$1] + 0 : $2 >= mark[$1] + 0
      missed += !reached
      printf "%-36s %10.3f %s %-8s %s\n", $1, $2, relation[$1], mark[$1], reached ? "reached" : "MISSED"
      seen[$1] = 1
    }
    END {
      for (name in mark) if (!(name in seen)) printf "%-36s %10s %s %-8s not measured\n", name, "-", relation[name], mark[name]
      if (missed) printf "%d of the marks missed\n", missed
    }'
}

wanted="${*:-packets wire connections rules decisions gate growth}" failed=
part packets 'A packet, in nanoseconds and as a multiple of its floor' "$programs/packets"
part wire 'Packets a second through a veth, dropped at the receiver' "$programs/wire" "$here/peers.sh"
part connections 'New connections to an allowed vault' "$here/connections.sh" "$programs/connections"
part rules 'Rules, from text to in force' "$here/rules.sh"
part decisions 'A decision, beside the signature that it spares' "$programs/decisions"
part gate 'Requests a second through the gate' "$here/gate.sh"
part growth 'Nanoseconds a packet over the ranges of one vault' growth
jq -s . "$BENCH_FIGURES" >"$build/bench.json"
echo
table
[ -z "$failed" ]

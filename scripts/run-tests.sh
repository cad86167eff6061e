#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of one tier, a line each, and records them in build/test-results/TIER.tsv for
# summary.sh. A test that speaks TAP counts by its cases, any other by its exit status (77: skip).
# Usage: run-tests.sh TIER [--cases] [--root] [--needs bpf|netns]... [--via COMMAND]
#                     [--timeout SECONDS] [--jobs N] TEST...
#   --cases   every test must announce its cases (1..N) and report each one of them
#   --via     run COMMAND TEST instead of TEST
set -euo pipefail

usage() {
  sed -n '5,9s/^# //p' "$0" >&2
  exit 2
}

[ $# -gt 0 ] || usage
tier=$1 limit=120 jobs=1
cases='' root='' via=''
needs=()
shift
while [[ ${1-} == --* ]]; do
  case $1 in
  --cases) cases=1 ;;
  --root) root=1 ;;
  --needs) needs+=("$2") && shift ;;
  --via) via=$2 && shift ;;
  --timeout) limit=$2 && shift ;;
  --jobs) jobs=$2 && shift ;;
  *) usage ;;
  esac
  shift
done

results=build/test-results
logs=$results/$tier
table=$results/$tier.tsv
rm -rf "$logs" "$table"
mkdir -p "$logs"
: >"$table"
export CMOCKA_MESSAGE_OUTPUT=TAP

as_root=()
if [ -n "$root" ] && [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo env "CMOCKA_MESSAGE_OUTPUT=TAP" "VAULTWALL=${VAULTWALL-}")
fi

# Prints why this machine cannot run the tier, or nothing.
find_obstacle() {
  local need
  if [ ${#as_root[@]} -gt 0 ] && ! sudo true 2>/dev/null; then
    echo "needs root, and sudo does not give it"
    return
  fi
  for need in "${needs[@]}"; do
    case $need in
    bpf) "${as_root[@]}" bpftool prog show >/dev/null 2>&1 || echo "BPF may not be used here" ;;
    netns) "${as_root[@]}" unshare --net true 2>/dev/null || echo "no network namespaces here" ;;
    esac
  done | head -n 1
}

# record NAME SECONDS PASSED FAILED SKIPPED [REASON]: one row for summary.sh, one line for people
record() {
  local verdict=ok note="$3 passed"
  [ "$5" -eq 0 ] || note+=", $5 skipped"
  [ "$3" -gt 0 ] || [ "$5" -eq 0 ] || verdict=skip
  [ "$4" -eq 0 ] || verdict=FAIL note+=", $4 failed"
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" >>"$table"
  printf '%-4s  %-8s %-40s %6ss  %s\n' "$verdict" "$tier" "$1" "$2" "${6:-$note}"
}

# count_cases LOG STATUS: prints "PASSED FAILED SKIPPED REASON" for a test that has ended
count_cases() {
  local passed failed skipped planned reason=
  read -r passed failed skipped planned < <(awk '
    /^1\.\.[0-9]+/ { planned += substr($1, 4); next }
    /^(not )?ok .*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
    /^ok / { passed++ }
    /^not ok / { failed++ }
    END { print passed + 0, failed + 0, skipped + 0, planned + 0 }' "$1")
  local seen=$((passed + failed + skipped))
  if [ "$2" -eq 124 ] || [ "$2" -eq 137 ]; then
    reason="still running after $limit seconds"
  elif [ "$2" -eq 77 ] && [ "$failed" -eq 0 ]; then
    skipped=$((skipped + 1))
    reason=$(grep -v '^$' "$1" | tail -n 1 || true)
  elif [ "$seen" -ne "$planned" ] && [ -n "$cases" ]; then
    reason="$seen of $planned cases reported, exit status $2"
  elif [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then
    reason="exit status $2"
  elif [ "$seen" -eq 0 ] && [ -n "$cases" ]; then
    reason="no test case ran"
  elif [ "$seen" -eq 0 ]; then
    passed=1
  fi
  if [ -n "$reason" ] && [ "$2" -ne 77 ]; then
    failed=$((failed > 0 ? failed : 1))
  fi
  echo "$passed $failed $skipped $reason"
}

show_log() {
  awk -v name="$1" '{ printf "      %s| %s\n", name, $0 }' "$2" | tail -n 60
}

run_test() {
  local name started status=0 seconds passed failed skipped reason
  name=$(basename "$1" .sh)
  started=${EPOCHREALTIME/./}
  # The braces keep the shell's own word on a crash ("Aborted") out of the picture.
  {
    "${as_root[@]}" timeout --kill-after=5 "$limit" ${via:+"$via"} "$1" \
      >"$logs/$name.log" 2>&1 </dev/null || status=$?
  } 2>/dev/null
  seconds=$(((${EPOCHREALTIME/./} - started + 50000) / 100000))
  read -r passed failed skipped reason < <(count_cases "$logs/$name.log" "$status")
  seconds=$((seconds / 10)).$((seconds % 10))
  record "$name" "$seconds" "$passed" "$failed" "$skipped" "$reason"
  [ "$failed" -eq 0 ] || show_log "$name" "$logs/$name.log"
}

obstacle=$(find_obstacle)
[ $# -gt 0 ] || record none 0.0 0 0 1 "there are no $tier tests"
for test in "$@"; do
  if [ -n "$obstacle" ]; then
    record "$(basename "$test" .sh)" 0.0 0 0 1 "$obstacle"
    continue
  fi
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
    wait -n
  done
  run_test "$test" &
done
wait
# What tests left in build/ as root belongs to the owner of the tree.
if [ -n "$root" ] && [ -z "$obstacle" ]; then
  "${as_root[@]}" chown -R --reference=Makefile build
fi
exec scripts/summary.sh "$tier"

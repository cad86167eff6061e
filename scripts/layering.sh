#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Holds every #include of the tree against scripts/layering.txt and prints what breaks it.
set -euo pipefail
shopt -s nullglob

# One "FILE:#include ..." line for each; a "FILE:" line makes files without one known too.
list_includes() {
  local file
  for file in {include,bpf,user,tests,tests/*}/*.[ch]; do
    printf '%s:\n' "$file"
    sed -nE "s|^[[:space:]]*#[[:space:]]*include[[:space:]]*|$file:|p" "$file"
  done
}

# Files come before their includes, so that every header is known when it is asked for.
list_includes | sort -t : -k 2,2 -s | awk '
  function pattern(glob) {
    gsub(/[.+]/, "\\\\&", glob)
    gsub(/[*]/, "[^/]*", glob)
    return "^" glob "$"
  }
  function place_of(stem,   i) {
    for (i = 1; i <= places && stem !~ place[i]; i++);
    return i
  }
  function stem_of(path) {
    sub(/[.][ch]$/, "", path)
    return path
  }
  function refuse(what) {
    printf "%s: %s\n", path, what
    broken = 1
  }

  /^(#|$)/ { next }
  /^holds / { for (i = 3; i <= NF; i++) { place[++places] = pattern($i); layer[places] = $2 } next }
  /^sees / { for (i = 3; i <= NF; i++) sees[$2, $i] = 1; next }
  /^only / {
    for (i = 3; i <= NF; i++) { guest[++guests] = pattern($i); guarded[guests] = pattern($2) }
    next
  }

  {
    cut = index($0, ":")
    path = substr($0, 1, cut - 1)
    included = substr($0, cut + 1)
    mine = place_of(stem_of(path))
  }
  included == "" {
    if (mine > places) refuse("stands in no row of scripts/layering.txt")
    if (path !~ /h$/) next
    name = path
    sub(/.*\//, "", name)
    if (name in header) refuse("has a namesake, " header[name])
    header[name] = path
  }
  included ~ /^</ {
    sub(/>.*/, ">", included)
    walled = welcome = 0
    for (i = 1; i <= guests; i++)
      if (included ~ guarded[i]) {
        walled = 1
        welcome = welcome || stem_of(path) ~ guest[i]
      }
    if (walled && !welcome) refuse("may not include " included)
  }
  included ~ /^"/ {
    split(included, word, "\"")
    if (layer[mine] == "tests" && word[2] ~ /\.bpf\.c$/) next # the very program, to be measured
    if (!(word[2] in header)) {
      refuse("no such header of ours: " word[2])
      next
    }
    theirs = place_of(stem_of(header[word[2]]))
    if (mine > places || theirs > places) next
    if (sees[layer[mine], layer[theirs]] || (layer[mine] == layer[theirs] && theirs <= mine)) next
    refuse("(" layer[mine] ") may not include " header[word[2]] " (" layer[theirs] ")")
  }
  END { exit broken }' scripts/layering.txt -

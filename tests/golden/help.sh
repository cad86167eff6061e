#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The commands, options and reasons are written down in tables of the program. Checks that what
# people read and what the shell completes say the same: --help, the manual, the completion.
# Usage: help.sh
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
vaultwall=${VAULTWALL:-$root/build/vaultwall}
manual=$root/user/man/vaultwall.8
table=$("$vaultwall" help --complete)
failed=0

# check NAME EXPECTED FOUND
check() {
  local difference
  if difference=$(diff -u <(printf '%s\n' "$2") <(printf '%s\n' "$3")); then
    echo "ok $1"
  else
    failed=1
    echo "not ok $1"
    printf '%s\n' "$difference"
  fi
}

# "COMMAND --option METAVAR" of all, "*" for those that every command has
options_of_the_program() {
  awk -F '\t' '$1 == "option" { sub(/^-$/, "", $4); printf "%s %s %s\n", $2, $3, $4 }' \
    <<<"$table" | sort
}

options_of_the_manual() {
  awk '
    /^\.Sh / { command = $2 == "OPTIONS" ? "*" : "" }
    /^\.Ss / { command = $2 }
    /^\.It .*Fl Fl / && command != "" {
      line = $0; sub(/.*Fl Fl /, "", line)
      split(line, word, " ")
      printf "%s --%s %s\n", command, word[1], word[2] == "Ar" ? word[3] : ""
    }' "$manual" | sort
}

commands_of_the_program() {
  awk -F '\t' '$1 == "operand" { print $2, $3 }' <<<"$table" | tr -d '[]' | sed 's/ *$//' | sort
}

# The synopsis below each heading: its operand stands last, behind the options.
commands_of_the_manual() {
  awk '
    /^\.Sh / { inside = $2 == "COMMANDS" }
    /^\.Ss / && inside { command = $2; operand = ""; synopsis = 1 }
    synopsis && /^\.(Op )?Ar / { operand = $NF }
    /^\.Pp/ && synopsis { synopsis = 0; print command, operand }' "$manual" | sed 's/ *$//' | sort
}

reasons_of_the_header() {
  grep -oE '^	X\([A-Z_]+, "[a-z_]+"' "$root/include/verdict.h" | cut -d '"' -f 2 | sort
}

words_of_the_manual() {
  awk -v heading="$1" '
    /^\.Sh / { inside = $2 == heading }
    inside && /^\.It Cm / { print $3 }' "$manual"
}

# The letter and the value in the help of a command: "  -n, --dry-run" or "      --tag N".
options_in_help() {
  local command
  awk -F '\t' '$1 == "command" { print $2 }' <<<"$table" | while read -r command; do
    "$vaultwall" "$command" --help | awk -v command="$command" '
      /^Options:/ { of = command }
      /^Options of every command:/ { of = "*" }
      of && /^  (-.,|   ) --/ {
        line = substr($0, 7, 22); sub(/ +$/, "", line)
        split(line, word, " ")
        printf "%s %s %s\n", of, word[1], word[2]
      }'
  done | sort -u
}

# complete WORDS: what is offered for the last of them
complete_words() {
  (
    # shellcheck source=scripts/completion/vaultwall.bash
    source "$root/scripts/completion/vaultwall.bash"
    COMP_WORDS=("$vaultwall" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _vaultwall 2>/dev/null || true
    echo "${COMPREPLY[*]-}"
  )
}

check every_option_is_in_the_manual "$(options_of_the_program)" "$(options_of_the_manual)"
check every_option_is_in_the_help "$(options_of_the_program)" "$(options_in_help)"
check every_command_is_in_the_manual "$(commands_of_the_program)" "$(commands_of_the_manual)"
check every_reason_and_verdict_is_in_the_manual \
  "$(reasons_of_the_header)" \
  "$({ words_of_the_manual REASONS; words_of_the_manual VERDICTS; echo pass; } | sort)"
check a_command_is_completed status "$(complete_words sta)"
check a_command_is_completed_behind_an_option push "$(complete_words --instance x pu)"
check an_option_of_the_command_is_completed --dry-run "$(complete_words push --d)"
check a_global_option_is_completed "--json" "$(complete_words show --j)"
check a_file_is_completed "$manual" "$(complete_words check "${manual%8}")"
check an_interface_is_completed lo "$(complete_words explain --interface lo)"
check an_operand_of_help_is_completed metrics "$(complete_words help met)"
check an_action_is_completed remove "$(complete_words network-rule re)"
check nothing_is_offered_for_a_number "" "$(complete_words explain --tag '')"
exit $failed

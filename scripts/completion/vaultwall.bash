# SPDX-License-Identifier: Apache-2.0
# Completion for bash. It knows no command and no option: `vaultwall help --complete` lists them,
# and what is asked once is remembered for the shell.
# shellcheck shell=bash

_vaultwall_table=

# Prints the column of the rows that begin with the given words.
_vaultwall_rows() {
  local kind=$1 command=$2 column=$3
  awk -F '\t' -v kind="$kind" -v command="$command" -v column="$column" \
    '$1 == kind && (command == "" || $2 == command || $2 == "*") { print $column }' \
    <<<"$_vaultwall_table"
}

# What an option of the command takes: FILE, VAULT ...; "-" if nothing, "" if there is no such option
_vaultwall_metavar() {
  awk -F '\t' -v command="$1" -v option="$2" \
    '$1 == "option" && $3 == option && ($2 == command || $2 == "*") { print $4; exit }' \
    <<<"$_vaultwall_table"
}

# The rules in force may be out of reach, and then there is nothing to offer.
_vaultwall_vaults() {
  "${_vaultwall_call[@]}" show --json 2>/dev/null |
    sed -n 's/^      "name": "\(.*\)",$/\1/p'
}

_vaultwall_offer() {
  local kind=$1 word=$2
  case $kind in
  FILE)
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    ;;
  VAULT) mapfile -t COMPREPLY < <(compgen -W "$(_vaultwall_vaults)" -- "$word") ;;
  INTERFACE) mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$word") ;;
  *'|'*) mapfile -t COMPREPLY < <(compgen -W "${kind//|/ }" -- "$word") ;;
  COMMAND) mapfile -t COMPREPLY < <(compgen -W "$(_vaultwall_rows command '' 2)" -- "$word") ;;
  esac
}

# Sets `command` to the first word that is none of an option, and _vaultwall_call to what comes
# before it: the same instance has to be asked.
_vaultwall_read_words() {
  local i=1 metavar
  command=
  _vaultwall_call=("${COMP_WORDS[0]}")
  while [ $i -lt "$COMP_CWORD" ]; do
    case ${COMP_WORDS[i]} in
    --instance)
      _vaultwall_call+=(--instance "${COMP_WORDS[i + 1]}")
      i=$((i + 1))
      ;;
    -*)
      metavar=$(_vaultwall_metavar "$command" "${COMP_WORDS[i]}")
      [ "${metavar:--}" = - ] || i=$((i + 1))
      ;;
    *) command=${command:-${COMP_WORDS[i]}} ;;
    esac
    i=$((i + 1))
  done
}

_vaultwall() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command metavar _vaultwall_call
  COMPREPLY=()
  [ -n "$_vaultwall_table" ] || _vaultwall_table=$("${COMP_WORDS[0]}" help --complete 2>/dev/null)
  _vaultwall_read_words
  metavar=$(_vaultwall_metavar "$command" "$before")
  if [ "${metavar:--}" != - ]; then
    _vaultwall_offer "$metavar" "$word"
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_vaultwall_rows option "${command:-*}" 3)" -- "$word")
  elif [ -z "$command" ]; then
    _vaultwall_offer COMMAND "$word"
  else
    _vaultwall_offer "$(_vaultwall_rows operand "$command" 3 | tr -d '[]')" "$word"
  fi
}

complete -F _vaultwall vaultwall

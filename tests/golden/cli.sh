#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the command line answers when something is wrong with it, or with what it needs: the exit
# status, the stream, and the words. No agent is asked.
# Usage: cli.sh
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
vaultwall=${VAULTWALL:-$root/build/vaultwall}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export VAULTWALL_INSTANCE=golden-$$
unset NO_COLOR
failed=0

report() {
  if [ "$1" -eq 0 ]; then
    echo "ok $2"
  else
    failed=1
    echo "not ok $2"
    sed 's/^/  stdout: /' "$scratch/stdout"
    sed 's/^/  stderr: /' "$scratch/stderr"
  fi
}

# expect NAME STATUS STDOUT STDERR ARGUMENT...: the two patterns must be found; "" is no output
expect() {
  local name=$1 status=$2 stdout=$3 stderr=$4 found=0 wrong=0
  shift 4
  (cd "$scratch" && exec "$vaultwall" "$@") >"$scratch/stdout" 2>"$scratch/stderr" </dev/null ||
    found=$?
  [ "$found" -eq "$status" ] || wrong=1
  look "$scratch/stdout" "$stdout" || wrong=1
  look "$scratch/stderr" "$stderr" || wrong=1
  report $wrong "$name"
}

look() {
  if [ -z "$2" ]; then
    [ ! -s "$1" ]
  else
    grep -qE -- "$2" "$1"
  fi
}

cat >"$scratch/good.yaml" <<'RULES'
version: 1
ip_sets:
  - {name: partners, file: partners.txt}
vaults:
  - name: contoso
    frontends: [203.0.113.10:443]
    network_acls:
      ip_rules: [set:partners, 192.0.2.0/25]
RULES
sed 's/partners.txt/missing.txt/' "$scratch/good.yaml" >"$scratch/incomplete.yaml"
sed 's/vaults:/vautls:/' "$scratch/good.yaml" >"$scratch/wrong.yaml"
printf 'version: 1\nvaults: [\xff]\n' >"$scratch/bytes.yaml"
printf '8.8.8.0/25\n8.8.8.128/25\n' >"$scratch/partners.txt"

expect no_command_is_a_usage_error 2 '' "a command is missing"
expect an_unknown_command_is_named 2 '' "no command 'psuh'; did you mean 'push'\?" psuh
expect an_unknown_option_is_named 2 '' "no option '--folow'; did you mean '--follow'\?" events --folow
expect an_unknown_global_option_is_named 2 '' "no option '--jsno'; did you mean" --jsno status
expect usage_is_shown_with_the_error 2 '' '^Usage: vaultwall push \[OPTION\]\.\.\. FILE$' push
expect a_missing_operand_is_named 2 '' "'check' needs FILE" check
expect an_operand_too_many_is_named 2 '' "'b' is one too many" check a b
expect a_missing_value_is_named 2 '' "'--tag' needs a value" explain --tag
expect a_bad_number_is_named 2 '' "'x' is no number from 1 to 16777215" explain --tag x
expect a_missing_option_is_named 2 '' "'--from IP\[:PORT\]' is missing" explain --vault a
expect a_vault_or_an_address_is_needed 2 '' "'--vault VAULT' or" explain --from 192.0.2.1
expect a_vault_and_an_address_are_too_much 2 '' 'not both' explain --from a --vault b --to c
expect a_token_needs_a_request 2 '' "go with '--request'" explain --vault a --from b --token c
expect a_host_needs_a_request 2 '' "go with '--request'" explain --vault a --from b --host c
expect a_request_has_a_method_and_a_target 1 '' "'/secrets' is no request: it begins with a method" \
  explain --vault a --from b --request /secrets
expect a_request_is_no_more_than_that 1 '' 'something behind it' \
  explain --vault a --from b --request 'GET /x HTTP/1.1'
expect a_folder_is_no_token 1 '' 'cannot read the token from .: Is a directory' \
  explain --vault a --from b --request 'GET /' --token .
expect no_token_is_no_token 1 '' '^vaultwall: standard input holds no token$' \
  explain --vault a --from b --request 'GET /' --token -
expect an_instance_has_a_plain_name 2 '' "instance '\.\./x' is not" --instance ../x status
expect words_cannot_speak_to_the_terminal 2 '' 'x1b\[2J' $'\e[2J'
expect help_is_no_error 0 '^  push  ' '' help
expect help_goes_with_any_command 0 '^Usage: vaultwall push' '' push --help
expect help_of_a_command_is_the_same 0 '^Usage: vaultwall push' '' help push
expect help_of_nothing_is_a_usage_error 2 '' "no command 'psh'" help psh
expect the_version_is_told 0 '^vaultwall [0-9]' '' --version
expect the_version_goes_with_any_command 0 '^vaultwall [0-9]' '' push --version

expect good_rules_are_summed_up 0 \
  '^good.yaml is correct: 1 vault, 1 frontend, 2 ranges, 1 IP set$' '' \
  check good.yaml
expect good_rules_are_summed_up_as_json 0 '"ranges": 2' '' --json check good.yaml
expect wrong_rules_have_their_place 1 '' '^wrong.yaml:4:1: error: ' check wrong.yaml
expect wrong_rules_are_json_on_stdout 1 '"ok": false' '' check --json wrong.yaml
expect a_missing_list_has_the_place_that_names_it 1 '' \
  "^incomplete.yaml:3:28: error: cannot read file 'missing.txt': No such file" \
  check incomplete.yaml
expect a_missing_document_is_told 1 '' 'cannot read nowhere.yaml: No such file' check nowhere.yaml
expect a_folder_is_no_document 1 '' 'Is a directory' check .
expect a_device_is_no_document 1 '' 'neither a regular file nor a pipe' check /dev/zero
expect an_empty_input_is_told 1 '' '^<stdin>:1:1: error: ' check -

expect push_checks_before_it_sends 1 '' '^incomplete.yaml:3:28: error: ' push incomplete.yaml
expect push_names_bytes_that_cannot_be_sent 1 '' '^bytes.yaml:2:10: error: ' push bytes.yaml
expect push_needs_an_agent 3 '' "the agent of instance '$VAULTWALL_INSTANCE' is not running" \
  push good.yaml
for command in status show events 'events --follow' 'explain --vault a --from 192.0.2.1'; do
  # shellcheck disable=SC2086  # words on purpose
  expect "${command// /_}_needs_an_agent" 3 '' \
    "not running .*/run/$VAULTWALL_INSTANCE/control.sock.*: start it with" $command
done
expect following_needs_a_place 2 '' "'--follow' goes with '--install FILE'" gate-config --follow
expect an_nginx_needs_a_place 2 '' "'--nginx' goes with '--install FILE'" gate-config --nginx /x
expect following_takes_no_rules 2 '' "with '--follow' the rules come from the agent" \
  gate-config --install /x --follow good.yaml
printf 'version: 1\ninterfaces: [{name: eth0, mode: auto}]\n' >"$scratch/node.yaml"
expect a_node_without_a_gate_has_no_configuration 1 '' "node.yaml has no 'gate'" \
  --config node.yaml gate-config good.yaml
printf 'gate: {listen: 0.0.0.0:8443}\n' >>"$scratch/node.yaml"
expect nginx_has_an_absolute_path 1 '' "'nginx' is no absolute path of an nginx" \
  --config node.yaml gate-config --install "$scratch/gate.conf" --nginx nginx good.yaml
expect a_file_has_a_plain_path 1 '' "is no plain path of a file" \
  --config node.yaml gate-config --install "$scratch/../gate.conf" good.yaml

expect metrics_need_the_filter 3 '' "instance '$VAULTWALL_INSTANCE' has no metrics|permission denied" \
  metrics

status=0
"$vaultwall" help >/dev/full 2>"$scratch/stderr" || status=$?
: >"$scratch/stdout"
report $((status == 3 ? 0 : 1)) a_full_disk_is_told
exit $failed

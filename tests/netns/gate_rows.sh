#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each row of the gate's table by a real client through nginx, over HTTP/1.1 and HTTP/2; forged,
# expired and unsigned tokens; what a client pretends; and no token in any log.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

query='?api-version=7.4'
secret=/secrets/greeting$query
good=$(token)
bearer() { printf 'Authorization: Bearer %s' "$1"; }

# The reason of the last decision.
reason() { tail -n 1 "$work/audit/log" | jq -r .reason; }

# refused SENTENCE STATUS INNERERROR REASON FROM VAULT PATH [CURL OPTION]...; REASON "": not asked
refused() {
  local sentence=$1 status=$2 inner=$3 why=$4 found
  shift 4
  found="$(ask "$@") $(inner_error)${why:+ $(reason)}"
  check "$sentence" "$status $inner${why:+ $why}" "$found"
}

# passes SENTENCE FROM VAULT PATH [CURL OPTION]...
passes() {
  local sentence=$1
  shift
  check "$sentence" "200" "$(ask "$@")"
}

rows() {
  local v=$1 managed exchanged assertion provider=microsoft.recoveryservices
  managed=$(token appid=99999999-0000-0000-0000-000000000000 \
    "xms_mirid=/subscriptions/$subscription/resourcegroups/Prod/providers/$provider/vaults/one")
  exchanged=$(token appid=$federated_app oid=$federated_oid)
  assertion=$(key=cluster algorithm=ES256 token iss=https://cluster.test \
    sub=system:serviceaccount:backup:worker aud=api://AzureADTokenExchange tid=- appid=- oid=- \
    idtyp=- ver=-)

  frontend=203.0.113.20 refused "row_1_the_vault_of_that_name_is_elsewhere_$v" 403 \
    ForbiddenByFirewall wrong_frontend "$office" contoso "$secret" --"$v"
  passes "row_2_the_network_rules_of_a_shared_frontend_are_enough_$v" "$office" fabrikam "$secret" \
    --"$v" -H "$(bearer "$good")"
  refused "row_3_bypass_is_none_$v" 403 ForbiddenByFirewall not_allowed "$service" fabrikam \
    "$secret" --"$v" \
    -H "$(bearer "$good")"
  refused "row_3_no_service_may_come_from_there_$v" 403 ForbiddenByFirewall not_allowed \
    "$office" adatum "$secret" --"$v" -H "$(bearer "$good")"
  refused "row_4_no_token_$v" 401 - no_token "$service" contoso "$secret" --"$v"
  check "row_4_has_the_challenge_$v" \
    "Bearer authorization=\"https://issuer.test:9443/$tenant\", resource=\"$audience\"" \
    "$(challenge)"
  refused "row_5_an_expired_token_$v" 401 - invalid_token "$service" contoso "$secret" --"$v" \
    -H "$(bearer "$(token exp=@-120)")"
  says "row_5_has_the_challenge_and_says_so_$v" '^Bearer .*, error="invalid_token"' "$(challenge)"
  refused "row_6_an_unknown_application_$v" 403 ForbiddenByFirewall unknown_caller "$service" \
    contoso "$secret" \
    --"$v" -H "$(bearer "$(token appid=99999999-0000-0000-0000-000000000000)")"
  refused "row_6_a_user_of_the_application_$v" 403 ForbiddenByFirewall unknown_caller "$service" \
    contoso \
    "$secret" --"$v" -H "$(bearer "$(token idtyp=user)")"
  refused "row_7_an_unknown_path_$v" 403 ForbiddenByFirewall unknown_operation "$service" contoso \
    "/what$query" \
    --"$v" -H "$(bearer "$good")"
  refused "row_7_an_operation_that_is_not_the_service_s_$v" 403 ForbiddenByFirewall \
    other_operation "$service" \
    contoso "/keys/one$query" --"$v" -H "$(bearer "$good")"
  refused "row_7_dot_segments_$v" 403 ForbiddenByFirewall unknown_operation "$service" contoso \
    "/secrets/x/../greeting$query" --"$v" -H "$(bearer "$good")"
  refused "row_7_encoded_slashes_$v" 403 ForbiddenByFirewall unknown_operation "$service" contoso \
    "/secrets%2fgreeting$query" --"$v" -H "$(bearer "$good")"
  refused "row_7_verb_tunnelling_$v" 403 ForbiddenByFirewall unknown_operation "$service" contoso \
    "$secret" --"$v" \
    -H "$(bearer "$good")" -H 'X-HTTP-Method: DELETE'
  refused "row_8_no_permission_$v" 403 ForbiddenByPolicy no_permission "$service" contoso \
    "/secrets$query" --"$v" \
    -H "$(bearer "$good")"
  passes "row_9_an_application_$v" "$service" contoso "$secret" --"$v" -H "$(bearer "$good")"
  check "the_answer_is_the_vault_s_$v" s3cret "$(jq -r .value "$work/body")"
  passes "row_9_a_managed_identity_$v" "$service" contoso "$secret" --"$v" -H "$(bearer "$managed")"
  passes "row_9_an_exchanged_federated_token_$v" "$service" contoso "$secret" --"$v" \
    -H "$(bearer "$exchanged")"
  passes "row_9_an_assertion_that_was_not_exchanged_$v" "$service" contoso "$secret" --"$v" \
    -H "$(bearer "$assertion")"
  passes "doubled_and_trailing_slashes_are_read_$v" "$service" contoso "//secrets/greeting/$query" \
    --"$v" -H "$(bearer "$good")"
}

tokens() {
  local name tampered
  tampered=${good%??????}AAAAAA
  declare -A bad=(
    [unsigned]=$(algorithm=none token)
    [unsigned_in_capitals]=$(algorithm=NONE token)
    [signed_with_the_public_key_as_secret]=$(algorithm=HS256 token)
    [signed_by_an_impostor]=$(key=impostor token header.kid=first)
    [of_an_unknown_key]=$(key=impostor token)
    [tampered]=$tampered
    [of_another_audience]=$(token aud=https://vault.elsewhere)
    [of_another_tenant]=$(token tid=$other_tenant)
    [of_another_issuer]=$(token iss=https://issuer.test:9443/$other_tenant/v2.0)
    [that_is_not_valid_yet]=$(token nbf=@600)
    [without_an_end]=$(token exp=-)
    [with_its_own_key]=$(key=impostor token header.kid=first 'header.jwk={"kty":"RSA"}')
    [with_an_extension]=$(token 'header.crit=["exp"]')
    [of_two_parts]=${good%.*}
  )
  for name in "${!bad[@]}"; do
    refused "a_token_$name" 401 - invalid_token "$service" contoso "$secret" \
      -H "$(bearer "${bad[$name]}")"
  done
  passes a_token_of_15_kb_is_read "$service" contoso "$secret" \
    -H "$(bearer "$(token padding="$(head -c 11000 /dev/zero | tr '\0' x)")")"
  refused a_token_of_20_kb_is_not 401 - invalid_token "$service" contoso "$secret" \
    -H "$(bearer "$(token padding="$(head -c 15000 /dev/zero | tr '\0' x)")")"
  refused two_tokens 400 'no JSON' '' "$service" contoso "$secret" --http1.1 -H "$(bearer \
    "$good")" \
    -H "$(bearer "${bad[unsigned]}")"
  refused another_scheme 401 - no_token "$service" contoso "$secret" -H 'Authorization: Basic eDp5'
}

# What the vault was sent last.
sent() { tail -n 1 "$work/contoso.log" | jq -r "$1"; }

pretence() {
  passes what_a_client_pretends_does_no_harm "$service" contoso "$secret" -H "$(bearer "$good")" \
    -H 'X-Forwarded-For: 1.2.3.4' -H 'Forwarded: for=1.2.3.4' -H 'X-Real-IP: 1.2.3.4' \
    -H 'X-Original-Method: DELETE' -H 'X-Original-Source: 198.51.100.7:1' \
    -H 'X-Vaultwall-Service: root' -H 'X-Vaultwall-Caller: root' -H 'X-Vaultwall-Vault: fabrikam' \
    -H 'X-Forwarded-Method: DELETE' -H 'X-Original-URI: /x' -H 'X-Gate-Body: x'
  check the_vault_learns_the_true_address "$service $service" \
    "$(sent '.headers["x-forwarded-for"] + " " + .headers["x-real-ip"]')"
  check the_vault_learns_service_and_caller "backup" "$(sent '.headers["x-vaultwall-service"]')"
  says the_vault_learns_the_caller "appid=$backup_app" "$(sent '.headers["x-vaultwall-caller"]')"
  check no_other_header_passes 'null null null null null' \
    "$(sent '[.headers["x-original-method"], .headers["forwarded"], .headers["x-gate-body"],
      .headers["x-vaultwall-vault"], .headers["x-original-source"]] | map(tostring) | join(" ")')"
  refused a_forged_source_does_not_help 403 ForbiddenByFirewall not_allowed "$office" adatum \
    "$secret" -H "X-Original-Source: $service:1" -H "X-Forwarded-For: $service" \
    -H "$(bearer "$good")"
  refused the_host_of_another_vault_is_misdirected 421 ForbiddenByFirewall '' "$service" contoso \
    "$secret" --http1.1 -H 'Host: adatum.vault.example' -H "$(bearer "$good")"
  refused a_host_of_nobody_is_misdirected 421 'no JSON' '' "$service" contoso "$secret" --http1.1 \
    -H 'Host: nobody.example' -H "$(bearer "$good")"
  passes host_names_have_no_case "$service" contoso "$secret" --http1.1 \
    -H 'Host: CONTOSO.vault.EXAMPLE:443' -H "$(bearer "$good")"
  check a_name_of_nobody_is_no_handshake 35 "$(in_client curl -q -s -k --interface "$service" \
    --connect-to "::203.0.113.10:$port" https://nobody.example/ || echo $?)"
  check old_tls_is_refused 000 "$(ask "$service" contoso "$secret" --tls-max 1.1)"
  check tls_1_2_is_served 200 "$(ask "$service" contoso "$secret" --tls-max 1.2 \
      -H "$(bearer "$good")")"
  check the_question_has_no_door_outside 404 \
    "$(ask "$service" contoso /.vaultwall/authorize -H "$(bearer "$good")")"
}

bodies() {
  local big=$work/big
  { printf '{"value": "' && head -c 200000 /dev/zero | tr '\0' x && printf '"}'; } >"$big"
  passes a_large_body_arrives "$service" contoso "/secrets/large$query" -X PUT \
    -H "$(bearer "$good")" --data-binary "@$big"
  check the_body_was_whole 200013 "$(sent .length)"
  passes a_large_body_in_chunks_arrives "$service" contoso "/secrets/large$query" -X PUT --http1.1 \
    -H "$(bearer "$good")" -H 'Transfer-Encoding: chunked' --data-binary "@$big"
  head -c 600000 /dev/zero >"$big"
  check too_large_a_body_is_refused 413 "$(ask "$service" contoso "/secrets/large$query" -X PUT \
    -H "$(bearer "$good")" --data-binary "@$big")"
  check no_body_was_ever_written '' \
    "$(find "/run/$VAULTWALL_INSTANCE"/gate-* /var/lib/nginx -type f)"
  check an_answer_of_the_vault_passes '404 SecretNotFound' \
    "$(ask "$service" contoso "/secrets/nothing$query" \
      -H "$(bearer "$good")") $(error_code)"
}

logs() {
  local signature=${good##*.} payload=${good#*.}
  payload=${payload%%.*}
  check no_token_is_in_a_log '' \
    "$(grep -rlF -e "$signature" -e "$payload" -e "${good%%.*}.${payload:0:24}" "$work"/*.log \
      "$work/audit" "$work"/*.out || true)"
  check every_decision_is_recorded_as_json '' \
    "$(jq -e 'select((.verdict and .reason and .time) | not)' "$work/audit/log" 2>&1 | head -n 3)"
  says a_record_names_service_and_rule '"service":"backup","rule":"[^"]+:[0-9]+"' \
    "$(grep '"reason":"trusted_service"' "$work/audit/log" | tail -n 1)"
  says decisions_are_counted \
    'vaultwall_gate_requests_total\{vault="contoso",code="403",error="ForbiddenByPolicy"\} 2' \
    "$(cat "/run/$VAULTWALL_INSTANCE/bpf/metrics")"
  check the_metrics_are_well_formed '' \
    "$(promtool check metrics <"/run/$VAULTWALL_INSTANCE/bpf/metrics" 2>&1)"
}

the_filter() {
  [ -n "$steered" ] || return 0
  check a_stranger_does_not_get_as_far_as_the_gate 000 \
    "$(ask "$stranger" contoso "$secret" --max-time 5)"
  check the_gate_s_own_port_is_closed 000 "$(port=$listen_port ask "$service" contoso "$secret")"
}

"$support/gate_issuer.py" key "$work/keys" impostor
the_filter
rows http1.1
rows http2
tokens
pretence
bodies
logs
gate_finish

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into a directory of its own: everything is there, a configuration that was there is kept,
# and uninstall leaves the configuration and nothing else.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

root=$work/root
run_install() { (cd "$tree" && DESTDIR=$root PREFIX=/usr scripts/install.sh "$1"); }
list() { (cd "$root" && find . -type f -printf '%m %P\n' | sort -k 2); }

# wanted MODE FILES...: of the tree, by the name that they get
wanted() {
  local file
  for file in "${@:2}"; do echo "$1 $file"; done
}

cd "$tree"
[ -x build/vaultwall ] || skip 'needs build/vaultwall'
shopt -s nullglob
pages=(user/man/*.[1-8])
examples=(rules/*)
units=(scripts/systemd/*.service scripts/systemd/*.socket)
{
  wanted 644 etc/vaultwall/node.yaml
  wanted 755 usr/bin/vaultwall
  for page in "${pages[@]}"; do wanted 644 "usr/share/man/man${page##*.}/${page##*/}"; done
  wanted 644 "${examples[@]/#rules/usr/share/doc/vaultwall/examples}" usr/share/doc/vaultwall/LICENSE
  wanted 644 "${units[@]/#scripts\/systemd/usr/lib/systemd/system}"
} | sort -k 2 >"$work/wanted"

run_install install >/dev/null
expect '' "$(comm -23 "$work/wanted" <(list))" 'all that is wanted is there'
expect '' "$(cut -d ' ' -f 2 <(list) | grep -vE '^(etc/vaultwall/node.yaml|usr/(bin/vaultwall|share/(man|doc/vaultwall|bash-completion)/.*|lib/(systemd|sysusers.d|tmpfiles.d)/.*))$' || true)" \
  'and nothing in other places'
expect '' "$(grep -rl '@BINDIR@' "$root" --include='*.service' --include='*.conf' || true)" \
  'units name the program by its path'
expect_match vaultwall "$("$root/usr/bin/vaultwall" --version)" 'the program runs'
echo '# mine' >>"$root/etc/vaultwall/node.yaml"
run_install install >/dev/null
expect '# mine' "$(tail -n 1 "$root/etc/vaultwall/node.yaml")" 'a second time keeps what I wrote'
run_install uninstall >/dev/null
expect '644 etc/vaultwall/node.yaml' "$(list)" 'uninstall leaves the configuration only'

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the built program and what belongs to it in place, or takes it away again. A configuration
# that is there already is never touched; rules, state and configuration outlive an uninstall.
# Usage: [PREFIX=DIR] [DESTDIR=DIR] [SYSCONFDIR=DIR] install.sh install|uninstall
set -euo pipefail
shopt -s nullglob

PREFIX=${PREFIX:-/usr/local}
root=${DESTDIR-}$PREFIX
configuration=${DESTDIR-}${SYSCONFDIR:-/etc}/vaultwall

# list_files: "MODE SOURCE TARGET" for everything under the prefix
list_files() {
  local file
  echo "755 build/vaultwall $root/bin/vaultwall"
  for file in user/man/*.[1-8]; do
    echo "644 $file $root/share/man/man${file##*.}/${file##*/}"
  done
  for file in scripts/completion/*; do
    echo "644 $file $root/share/bash-completion/completions/${file##*/}"
  done
  for file in README.md LICENSE; do
    [ ! -f "$file" ] || echo "644 $file $root/share/doc/vaultwall/$file"
  done
  for file in rules/*; do
    [ ! -f "$file" ] || echo "644 $file $root/share/doc/vaultwall/examples/${file##*/}"
  done
  for file in scripts/systemd/*.{service,socket,target}; do
    echo "644 $file $root/lib/systemd/system/${file##*/}"
  done
  for file in scripts/systemd/*sysusers*; do
    echo "644 $file $root/lib/sysusers.d/vaultwall.conf"
  done
  for file in scripts/systemd/*tmpfiles*; do
    echo "644 $file $root/lib/tmpfiles.d/vaultwall.conf"
  done
}

# A unit names its program by path; @BINDIR@ stands for it.
install_file() {
  if [[ $2 == scripts/systemd/* ]]; then
    install -D -m "$1" <(sed "s|@BINDIR@|$PREFIX/bin|g" "$2") "$3"
  else
    install -D -m "$1" "$2" "$3"
  fi
}

# Makes the running system notice; a staged tree (DESTDIR) is the package manager's business.
notice() {
  [ -z "${DESTDIR-}" ] && [ -d /run/systemd/system ] || return 0
  if [ "$1" = install ]; then
    systemd-sysusers vaultwall.conf || echo 'no system user made (ignored)' >&2
    systemd-tmpfiles --create vaultwall.conf || echo 'no directories made (ignored)' >&2
  fi
  systemctl daemon-reload
}

case ${1-} in
install)
  list_files | while read -r mode file target; do
    install_file "$mode" "$file" "$target"
  done
  if [ -f rules/node.yaml ] && [ ! -e "$configuration/node.yaml" ]; then
    install -D -m 644 rules/node.yaml "$configuration/node.yaml"
  fi
  notice install
  echo "installed under $root"
  ;;
uninstall)
  list_files | while read -r _ _ target; do
    rm -f "$target"
  done
  rm -rf "$root/share/doc/vaultwall"
  notice uninstall
  echo "removed from $root; $configuration and the state of the agent stay"
  ;;
*)
  sed -n '5s/^# //p' "$0" >&2
  exit 2
  ;;
esac

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that building, showing and testing need, and only those that are
# missing: a second run is instant and needs no network. Calls sudo itself where it must.
# Usage: install-dependencies.sh [build|demo|test|bench]...     (default: all but bench)
set -euo pipefail

build=(gcc make pkg-config clang llvm libbpf-dev bpftool libelf-dev zlib1g-dev libyaml-dev
  libjansson-dev libmicrohttpd-dev libcurl4-openssl-dev libssl-dev libsystemd-dev libcap-dev)
demo=(iproute2 procps curl openssl jq iputils-ping nginx python3)
test=(libcmocka-dev clang-format clang-tidy cppcheck shellcheck mandoc prometheus iproute2
  procps iputils-ping ethtool tcpdump curl openssl jq python3 libcap2-bin nginx caddy)
bench=(jq bpftool iproute2 nftables ipset iptables xdp-tools gnuplot-nox
  nginx python3 curl openssl wrk)
# Needed for a tool inside them; their daemons are neither started nor enabled.
quiet_services=(prometheus nftables nginx caddy)

say() { printf 'dependencies: %s\n' "$*"; }
die() {
  say "$*" >&2
  exit 1
}

# The sanitizer and fuzzer runtimes must fit the compiler that is there.
sanitizer_package() {
  if command -v clang >/dev/null; then
    printf 'libclang-rt-%s-dev\n' "$(clang -dumpversion | cut -d. -f1)"
  else
    printf 'libclang-rt-dev\n'
  fi
}

# For a stock client of vaults. Whoever has a newer Node.js from elsewhere keeps it.
node_packages() {
  command -v node >/dev/null && command -v npm >/dev/null || printf 'nodejs\nnpm\n'
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

list_wanted() {
  local group
  for group in "$@"; do
    case $group in
    build) printf '%s\n' "${build[@]}" ;;
    demo) printf '%s\n' "${demo[@]}" ;;
    test) printf '%s\n' "${test[@]}" && sanitizer_package && node_packages ;;
    bench) printf '%s\n' "${bench[@]}" ;;
    *) die "no group '$group'; there are: build demo test bench" ;;
    esac
  done | sort -u
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "only root installs packages, and there is no sudo; as root: apt-get install $missing"
  fi
}

# Debian starts a daemon as soon as it is unpacked, unless this file says no.
policy=/usr/sbin/policy-rc.d
forbid_service_starts() {
  [ ! -e "$policy" ] || return 0
  trap 'as_root rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

disable_services() {
  local service
  command -v systemctl >/dev/null || return 0
  for service in "${quiet_services[@]}"; do
    if [[ " $missing " == *" $service "* ]]; then
      as_root systemctl disable --quiet "$service" || say "$service stays enabled (ignored)"
    fi
  done
}

install_missing() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300) log
  log=$(mktemp)
  say "installing, which may take some minutes: $missing"
  forbid_service_starts
  as_root "${apt[@]}" update || say "no fresh package lists; trying with the old ones"
  # shellcheck disable=SC2086  # a list of names, split on purpose
  if ! as_root "${apt[@]}" install --no-install-recommends $missing >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "apt-get could not install them; all it said is in $log"
  fi
  rm -f "$log"
  disable_services
}

command -v dpkg-query >/dev/null ||
  die "this knows Debian only; elsewhere install by hand: ${build[*]} ${demo[*]} ${test[*]}"
[ $# -gt 0 ] || set -- build demo test
wanted=$(list_wanted "$@")
missing=
for package in $wanted; do
  is_installed "$package" || missing+="${missing:+ }$package"
done
[ -z "$missing" ] || install_missing
say "all there ($*)"

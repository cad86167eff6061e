#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs Azure's client library of secrets for JavaScript, with which the tests and the demo show
# that stock clients get through the gate. Needs node and npm, and a network the first time.
# Usage: install-sdk.sh FOLDER
set -euo pipefail

folder=${1:?"usage: install-sdk.sh FOLDER"}
package=@azure/keyvault-secrets
version=4.11.2

[ ! -d "$folder/node_modules/$package" ] || exit 0
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "install-sdk: there is no $tool" >&2 && exit 1; }
done
mkdir -p "$folder.new"
npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$folder.new" \
  "$package@$version" >&2
rm -rf "$folder"
mv "$folder.new" "$folder"

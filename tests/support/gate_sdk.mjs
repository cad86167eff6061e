// SPDX-License-Identifier: Apache-2.0
// Azure's own client of secrets, with a credential that hands out a token of the test's issuer.
// Prints what came of one call as a line of JSON.
//
//   gate_sdk.mjs MODULES URL TOKENFILE set|get|list [NAME [VALUE]]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node.js 18, which is Debian 12's, lacks it

const [modules, url, tokenFile, action, name, value] = process.argv.slice(2);
const { SecretClient } = createRequire(modules + "/")("@azure/keyvault-secrets");
const asked = [];

const credential = {
  async getToken(scopes, options) {
    asked.push({ scopes, tenant: options?.tenantId ?? null });
    return {
      token: readFileSync(tokenFile, "ascii").trim(),
      expiresOnTimestamp: Date.now() + 3600_000,
    };
  },
};

async function act(client) {
  if (action === "set") return (await client.setSecret(name, value)).name;
  if (action === "get") return (await client.getSecret(name)).value;
  const names = [];
  for await (const secret of client.listPropertiesOfSecrets()) names.push(secret.name);
  return names;
}

try {
  const client = new SecretClient(url, credential, { retryOptions: { maxRetries: 0 } });
  console.log(JSON.stringify({ value: await act(client), asked }));
} catch (error) {
  const inner = error.details?.error?.innerError ?? error.details?.error?.innererror;
  console.log(
    JSON.stringify({
      status: error.statusCode ?? null,
      code: error.code ?? error.name,
      inner: inner?.code ?? null,
      message: error.message,
      asked,
    }),
  );
}

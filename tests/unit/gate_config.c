// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "gate_config.h"

#define NOW 1700000000

#define VAULT(name, host, address, port)                                                           \
	"  - name: " name "\n    hostnames: [" host "]\n    frontends: [" address ":443]\n"        \
	"    upstream: 127.0.0.1:" port "\n"                                                       \
	"    tls: {certificate: /etc/vaultwall/" name ".pem, key: /etc/vaultwall/" name ".key}\n"

static const char two_vaults[] = "version: 1\nvaults:\n" VAULT(
	"contoso", "contoso.vault.example, second.vault.example", "203.0.113.10", "8200")
	VAULT("fabrikam", "fabrikam.vault.example", "203.0.113.11", "8201");

static void read_text(const char *text, struct policy *ret_policy)
{
	const struct rules_bundle bundle = {.document = {"r.yaml", text, strlen(text)}};
	cleanup(diags_clear) struct diags diags = {0};

	if (policy_read(&bundle, NOW, &diags, ret_policy) < 0)
		fail_msg("%s", diags.count ? diags.items[0].text : "no memory");
}

static struct gate_options make_options(void)
{
	return (struct gate_options){
		.listen = {.family = 4, .protocol = IPPROTO_TCP, .port = 8443},
		.authorize = "/run/vaultwall/authorize.sock",
		.folder = "/run/vaultwall",
		.upstream_ca = GATE_UPSTREAM_CA,
	};
}

/* The caller's to free(). */
static char *make_text(const struct gate_options *options, const struct policy *policy,
		       struct diags *diags)
{
	char *text = NULL;

	assert_int_equal(gate_config_make(options, policy, diags, &text), 0);
	assert_non_null(text);
	return text;
}

static size_t count(const char *text, const char *piece)
{
	size_t found = 0;

	for (const char *at = strstr(text, piece); at; at = strstr(at + 1, piece))
		found++;
	return found;
}

static void each_vault_has_a_server(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct gate_options options = make_options();
	cleanup(free_ptr) char *text = NULL;

	(void)state;
	read_text(two_vaults, &policy);
	text = make_text(&options, &policy, &diags);
	assert_int_equal(diags.count, 0);
	assert_int_equal(count(text, "\nserver {"), 3);
	assert_int_equal(count(text, "listen 0.0.0.0:8443 ssl http2 default_server;"), 1);
	assert_non_null(strstr(text, "server_name contoso.vault.example second.vault.example;"));
	assert_non_null(strstr(text, "ssl_certificate \"/etc/vaultwall/fabrikam.pem\";"));
	assert_non_null(strstr(text, "server 127.0.0.1:8201 max_fails=0;"));
	assert_non_null(strstr(text, "server \"unix:/run/vaultwall/authorize.sock\""));
	assert_non_null(strstr(text, "proxy_set_header X-Vaultwall-Vault fabrikam;"));
	assert_null(strstr(text, "worker_processes"));
}

/* Of proxy_set_header a location has all or none: none may lack what keeps connections open. */
static void each_location_keeps_connections_and_asks_in_full(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct gate_options options = make_options();
	cleanup(free_ptr) char *text = NULL;

	(void)state;
	read_text(two_vaults, &policy);
	text = make_text(&options, &policy, &diags);
	assert_int_equal(count(text, "proxy_pass "), 4);
	assert_int_equal(count(text, "proxy_set_header Connection \"\";"), 4);
	assert_int_equal(count(text, "auth_request /"), 2);
	assert_int_equal(count(text, "satisfy all;"), 2);
	assert_int_equal(count(text, "proxy_ssl_verify on;"), 2);
	assert_int_equal(count(text, "proxy_max_temp_file_size 0;"), 4);
	assert_int_equal(count(text, "client_body_temp_path \"/run/vaultwall/"), 2);
}

static void the_same_rules_give_the_same_text(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(policy_free) struct policy again = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct gate_options options = make_options();
	cleanup(free_ptr) char *text = NULL;
	cleanup(free_ptr) char *other = NULL;

	(void)state;
	read_text(two_vaults, &policy);
	read_text(two_vaults, &again);
	text = make_text(&options, &policy, &diags);
	other = make_text(&options, &again, &diags);
	assert_string_equal(text, other);
}

static void a_whole_configuration_closes_what_it_opens(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	struct gate_options options = make_options();
	cleanup(free_ptr) char *text = NULL;

	(void)state;
	options.user = "www-data";
	options.listen.family = 0;
	read_text(two_vaults, &policy);
	text = make_text(&options, &policy, &diags);
	assert_non_null(strstr(text, "user www-data;"));
	/* The default refuses a name of 60 letters. */
	assert_non_null(strstr(text, "server_names_hash_bucket_size 512;"));
	assert_non_null(strstr(text, "listen [::]:8443 ssl http2 default_server ipv6only=off;"));
	assert_int_equal(count(text, "{\n"), count(text, "}\n"));
}

static void a_vault_that_lacks_something_is_left_out(void **state)
{
	static const char text[] =
		"version: 1\n"
		"issuers:\n"
		"  - {name: i, issuer: 'https://i.example', audiences: [a]}\n"
		"trusted_services:\n"
		"  - {name: s, ip_rules: [192.0.2.1], identities: [{kind: application,"
		" app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]}\n"
		"vaults:\n"
		"  - {name: quiet, frontends: ['203.0.113.10:443']}\n"
		"  - {name: gated, hostnames: [g.example], frontends: ['203.0.113.11:443'],"
		" network_acls: {bypass: trusted_services}}\n";
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct gate_options options = make_options();
	cleanup(free_ptr) char *config = NULL;

	(void)state;
	read_text(text, &policy);
	config = make_text(&options, &policy, &diags);
	assert_int_equal(count(config, "\nserver {"), 1);
	assert_non_null(strstr(config, "# not served: vault quiet, since it has no 'hostnames'"));
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.items[0].level, DIAG_WARNING);
	assert_string_equal(diags.items[0].text,
			    "the gate does not serve vault 'gated': it has no 'upstream'");
}

static void a_host_name_has_one_server(void **state)
{
	static const char text[] =
		"version: 1\nvaults:\n" VAULT("contoso", "v.example", "203.0.113.10", "8200")
			VAULT("fabrikam", "v.example, w.example", "203.0.113.11", "8201")
				VAULT("adatum", "v.example", "203.0.113.12", "8202");
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct gate_options options = make_options();
	cleanup(free_ptr) char *config = NULL;

	(void)state;
	read_text(text, &policy);
	config = make_text(&options, &policy, &diags);
	assert_int_equal(count(config, "server_name v.example;"), 1);
	assert_int_equal(count(config, "server_name w.example;"), 1);
	assert_null(strstr(config, "8202"));
	assert_int_equal(diags.warnings, 2);
}

static bool no_keys(const char *path, void *context)
{
	(void)context;
	return !strstr(path, "fabrikam.key");
}

static void a_key_that_cannot_be_read_takes_only_its_vault(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	struct gate_options options = make_options();
	cleanup(free_ptr) char *text = NULL;

	(void)state;
	options.usable = no_keys;
	read_text(two_vaults, &policy);
	text = make_text(&options, &policy, &diags);
	assert_non_null(strstr(text, "# not served: vault fabrikam, since its key cannot be read"));
	assert_non_null(strstr(text, "server_name contoso.vault.example"));
}

/* As if the checks of the rules had let it through. */
static void expect_refusal(struct policy *policy, const char **field, const char *value)
{
	const struct gate_options options = make_options();
	cleanup(diags_clear) struct diags diags = {0};
	const char *kept = *field;
	char *text = NULL;

	*field = value;
	assert_int_equal(gate_config_make(&options, policy, &diags, &text), -EINVAL);
	assert_null(text);
	assert_int_equal(diags.errors, 1);
	*field = kept;
}

static void nothing_breaks_out_of_its_place(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	struct vault *vault;

	(void)state;
	read_text(two_vaults, &policy);
	vault = &policy.vaults[0];
	expect_refusal(&policy, &vault->upstream, "127.0.0.1:1; } server { listen 1");
	expect_refusal(&policy, &vault->upstream, "127.0.0.1:1 backup");
	expect_refusal(&policy, &vault->upstream, "$host");
	expect_refusal(&policy, &vault->upstream, "");
	expect_refusal(&policy, &vault->tls_key, "/k\"; include /etc/shadow; \"");
	expect_refusal(&policy, &vault->tls_key, "/$document_root");
	expect_refusal(&policy, &vault->tls_certificate, "data:-----BEGIN");
	expect_refusal(&policy, &vault->tls_certificate, "/a\nb");
	expect_refusal(&policy, &vault->name, "x; proxy_pass http://elsewhere");
	expect_refusal(&policy, &vault->hostnames[1], "*.example");
	expect_refusal(&policy, &vault->hostnames[0], "~^.*$");
	expect_refusal(&policy, &vault->hostnames[0], "a.example b.example");
}

static void options_are_checked_too(void **state)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	struct gate_options options = make_options();
	char *text = NULL;

	(void)state;
	read_text(two_vaults, &policy);
	options.user = "root;";
	assert_int_equal(gate_config_make(&options, &policy, &diags, &text), -EINVAL);
	options = make_options();
	options.upstream_ca = "relative.pem";
	assert_int_equal(gate_config_make(&options, &policy, &diags, &text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_vault_has_a_server),
		cmocka_unit_test(each_location_keeps_connections_and_asks_in_full),
		cmocka_unit_test(the_same_rules_give_the_same_text),
		cmocka_unit_test(a_whole_configuration_closes_what_it_opens),
		cmocka_unit_test(a_vault_that_lacks_something_is_left_out),
		cmocka_unit_test(a_host_name_has_one_server),
		cmocka_unit_test(a_key_that_cannot_be_read_takes_only_its_vault),
		cmocka_unit_test(nothing_breaks_out_of_its_place),
		cmocka_unit_test(options_are_checked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

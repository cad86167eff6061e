// SPDX-License-Identifier: Apache-2.0
#include "gate_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "gate_config_text.h"
#include "names.h"
#include "scalar.h"

/* One configuration as it is written. */
struct gate {
	const struct gate_options *options;
	const struct policy *policy;
	struct diags *diags;
	FILE *out;
	char listen[FRONTEND_ADDRESS_TEXT];
	struct arena arena; /* of the names */
	struct names names; /* host names that a server block has already, and whose */
};

static void free_gate(struct gate *gate)
{
	arena_free_all(&gate->arena);
}

static void close_stream(FILE **stream)
{
	if (*stream)
		(void)fclose(*stream);
}

/*
 * Nothing gets between quotes here that could end them or name a variable of nginx's. Rules have
 * been checked for it; this is where it counts.
 */
static bool is_plain(const char *text)
{
	return text && path_problem(text) == NULL;
}

static bool is_plain_upstream(const char *text)
{
	return text[0] && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					    "0123456789.:-[]")] == '\0';
}

static bool is_plain_name(const char *text)
{
	return text[0] && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					    "0123456789._-")] == '\0';
}

static void complain(const struct gate *gate, enum diag_level level, const struct vault *vault,
		     const char *what)
{
	diags_add(gate->diags, level, gate->policy->files[vault->at.file], vault->at.line,
		  vault->at.column, "the gate does not serve vault '%s': %s", vault->name, what);
}

/* NULL: it can have a server block. */
static const char *find_obstacle(const struct gate *gate, const struct vault *vault)
{
	const struct gate_options *options = gate->options;

	if (vault->hostname_count == 0)
		return "it has no 'hostnames'";
	if (!vault->upstream)
		return "it has no 'upstream'";
	if (!vault->tls_certificate || !vault->tls_key)
		return "it has no 'tls'";
	if (options->usable && !options->usable(vault->tls_certificate, options->context))
		return "its certificate cannot be read";
	if (options->usable && !options->usable(vault->tls_key, options->context))
		return "its key cannot be read";
	return NULL;
}

/* -EINVAL: something in the vault would break out of its place. */
static int check_vault(const struct gate *gate, const struct vault *vault)
{
	char lowered[HOSTNAME_TEXT];
	bool plain = is_plain_name(vault->name) && is_plain_upstream(vault->upstream) &&
		     is_plain(vault->tls_certificate) && is_plain(vault->tls_key);

	for (size_t i = 0; i < vault->hostname_count; i++)
		plain = plain && hostname_parse(vault->hostnames[i], lowered);
	if (plain)
		return 0;
	complain(gate, DIAG_ERROR, vault, "it has characters that no configuration may hold");
	return -EINVAL;
}

static int write_upstream(const struct gate *gate, const struct vault *vault, size_t index)
{
	(void)fprintf(gate->out,
		      "\n# vault %s\n"
		      "upstream vaultwall_vault_%zu {\n"
		      "\tserver %s max_fails=0;\n"
		      "\tkeepalive 64;\n"
		      "}\n",
		      vault->name, index, vault->upstream);
	return 0;
}

/*
 * nginx chooses a server by the host name alone. Where vaults on several frontends have one, the
 * first has the server block; the authoriser is told which, and refuses what is for another.
 */
static int write_names(struct gate *gate, const struct vault *vault)
{
	const void *other = NULL;

	(void)fputs("\tserver_name", gate->out);
	for (size_t i = 0; i < vault->hostname_count; i++) {
		int r = names_add(&gate->names, &gate->arena, vault->hostnames[i], vault, &other);

		if (r == 0)
			(void)fprintf(gate->out, " %s", vault->hostnames[i]);
		else if (r == -EEXIST && other != vault)
			complain(gate, DIAG_WARNING, vault,
				 "an earlier vault has the same host name");
		else if (r != -EEXIST)
			return r;
	}
	(void)fputs(";\n", gate->out);
	return 0;
}

static bool has_own_name(const struct gate *gate, const struct vault *vault)
{
	for (size_t i = 0; i < vault->hostname_count; i++)
		if (!names_find(&gate->names, vault->hostnames[i]))
			return true;
	complain(gate, DIAG_WARNING, vault, "an earlier vault has the same host name");
	return false;
}

static void write_locations(const struct gate *gate, const struct vault *vault, size_t index)
{
	(void)fputs("\n\tlocation / {\n", gate->out);
	gate_text_ask(gate->out);
	gate_text_pass(gate->out);
	(void)fprintf(gate->out,
		      "\t\tproxy_pass https://vaultwall_vault_%zu;\n"
		      "\t\tproxy_ssl_name %s;\n"
		      "\t\tproxy_ssl_trusted_certificate \"%s\";\n"
		      "\t}\n",
		      index, vault->hostnames[0], gate->options->upstream_ca);
	(void)fputs("\n\tlocation = /.vaultwall/authorize {\n", gate->out);
	gate_text_question(gate->out);
	(void)fprintf(gate->out, "\t\tproxy_set_header X-Vaultwall-Vault %s;\n\t}\n", vault->name);
	gate_text_answers(gate->out);
}

static int write_server(struct gate *gate, const struct vault *vault, size_t index)
{
	int r;

	(void)fprintf(gate->out, "\nserver {\n\tlisten %s ssl http2;\n", gate->listen);
	r = write_names(gate, vault);
	(void)fprintf(gate->out, "\tssl_certificate \"%s\";\n\tssl_certificate_key \"%s\";\n",
		      vault->tls_certificate, vault->tls_key);
	gate_text_server(gate->out);
	(void)fprintf(gate->out, "\tclient_body_temp_path \"%s/gate-bodies\";\n",
		      gate->options->folder);
	write_locations(gate, vault, index);
	(void)fputs("}\n", gate->out);
	return r;
}

static int write_vault(struct gate *gate, const struct vault *vault, size_t index)
{
	const char *obstacle = find_obstacle(gate, vault);
	int r;

	if (obstacle) {
		(void)fprintf(gate->out, "\n# not served: vault %s, since %s\n",
			      is_plain_name(vault->name) ? vault->name : "?", obstacle);
		if (vault->trusted_services)
			complain(gate, DIAG_WARNING, vault, obstacle);
		return 0;
	}
	r = check_vault(gate, vault);
	if (r < 0 || !has_own_name(gate, vault))
		return r;
	r = write_upstream(gate, vault, index);
	return r < 0 ? r : write_server(gate, vault, index);
}

/* For `*`: one socket for both families, as the steering takes only one. */
static void make_listen(struct gate *gate)
{
	const struct frontend *listen = &gate->options->listen;

	if (listen->family == 0)
		(void)snprintf(gate->listen, sizeof(gate->listen), "[::]:%u", listen->port);
	else
		frontend_format(listen, gate->listen);
}

static void write_head(const struct gate *gate)
{
	const struct gate_options *options = gate->options;
	bool both = options->listen.family == 0;

	(void)fputs("# Written by `vaultwall gate-config`. What is changed here is lost.\n",
		    gate->out);
	if (options->user)
		gate_text_main(gate->out, options->user, options->folder);
	gate_text_http(gate->out);
	(void)fprintf(gate->out,
		      "\nupstream vaultwall_authorizer {\n"
		      "\tserver \"unix:%s\" max_fails=0;\n"
		      "\tkeepalive 64;\n"
		      "}\n",
		      options->authorize);
	(void)fprintf(gate->out, "\nserver {\n\tlisten %s ssl http2 default_server%s;\n",
		      gate->listen, both ? " ipv6only=off" : "");
	gate_text_default(gate->out);
	(void)fputs("}\n", gate->out);
}

static int write_all(struct gate *gate)
{
	int r = 0;

	write_head(gate);
	for (size_t i = 0; i < gate->policy->vault_count; i++) {
		int wrong = write_vault(gate, &gate->policy->vaults[i], i);

		r = r ? r : wrong;
	}
	if (gate->options->user)
		(void)fputs("}\n", gate->out);
	return r;
}

static int check_options(const struct gate_options *options, struct diags *diags)
{
	if (is_plain(options->authorize) && is_plain(options->folder) &&
	    is_plain(options->upstream_ca) && (!options->user || is_plain_name(options->user)))
		return 0;
	diags_add(diags, DIAG_ERROR, NULL, 0, 0,
		  "a path or user for the gate has characters that no configuration may hold");
	return -EINVAL;
}

int gate_config_make(const struct gate_options *options, const struct policy *policy,
		     struct diags *diags, char **ret_text)
{
	cleanup(free_gate) struct gate gate = {options, policy, diags, NULL, {0}, {0}, {0}};
	cleanup(free_ptr) char *text = NULL;
	cleanup(close_stream) FILE *out = NULL;
	size_t size = 0;
	int r = check_options(options, diags);

	if (r < 0)
		return r;
	arena_init(&gate.arena, (size_t)64 << 20);
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	gate.out = out;
	make_listen(&gate);
	r = write_all(&gate);
	if (fflush(out) != 0 || ferror(out))
		r = -ENOMEM;
	if (r == 0)
		*ret_text = strdup(text);
	return r == 0 && !*ret_text ? -ENOMEM : r;
}

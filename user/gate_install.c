// SPDX-License-Identifier: Apache-2.0
#include "gate_install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "client.h"
#include "configuration.h"
#include "gate_config.h"
#include "gate_report.h"
#include "report.h"

#define TELL_SECONDS 5L

/* nginx reads two files for each vault, and with them what their upstreams are checked against. */
#define NGINX_SECONDS	  10U
#define VAULTS_PER_SECOND 10U

/* What is needed. */

int gate_install_node(const char *config, struct node *ret_node, struct fault *fault)
{
	cleanup(node_free) struct node node = {0};
	int r = configuration_need(config, &node, fault);

	if (r < 0)
		return r;
	if (!node.gate.present)
		return fault_set(fault, -EINVAL, "%s has no 'gate'", config);
	if (node.gate.questions != QUESTIONS_ORIGINAL)
		return fault_set(
			fault, -EINVAL,
			"%s says that the authoriser is not asked in nginx's manner; leave out 'questions'",
			config);
	*ret_node = node;
	node = (struct node){0};
	return 0;
}

static int open_parts(struct gate_installer *installer, struct fault *fault)
{
	const struct gate_wish *wish = &installer->wish;
	int r = gate_install_node(wish->config, &installer->node, fault);

	if (r == 0)
		r = gate_file_open(wish->file, &installer->file, fault);
	if (r == 0)
		r = nginx_find(wish->program, &installer->nginx, fault);
	return r;
}

int gate_install_open(const struct gate_wish *wish, struct gate_installer *ret_installer,
		      struct fault *fault)
{
	int r;

	*ret_installer = GATE_INSTALLER_CLOSED;
	ret_installer->wish = *wish;
	r = open_parts(ret_installer, fault);
	if (r < 0)
		gate_install_close(ret_installer);
	return r;
}

void gate_install_close(struct gate_installer *installer)
{
	gate_file_close(&installer->file);
	node_free(&installer->node);
	json_decref(installer->diagnostics);
	installer->diagnostics = NULL;
}

/* The text. */

static bool is_readable(const char *path, void *context)
{
	(void)context;
	return access(path, R_OK) == 0;
}

static const char *upstream_ca(const struct gate_wish *wish)
{
	return wish->upstream_ca ? wish->upstream_ca : GATE_UPSTREAM_CA;
}

int gate_install_make(const struct gate_wish *wish, const struct node *node,
		      const struct policy *policy, struct diags *diags, char **ret_text)
{
	const struct gate_options options = {
		.listen = node->gate.listen,
		.authorize = wish->paths->authorize,
		.folder = wish->paths->run,
		.upstream_ca = upstream_ca(wish),
		.user = wish->user,
		.usable = is_readable,
	};

	return gate_config_make(&options, policy, diags, ret_text);
}

/* With the state of the certificates in it, a renewed one makes another text, and so a reload. */
static int make_text(struct gate_installer *installer, const struct policy *policy,
		     struct diags *diags, char **ret_text)
{
	cleanup(free_ptr) char *text = NULL;
	char seen[GATE_CERTIFICATES_TEXT];
	int r = gate_certificates_digest(policy, upstream_ca(&installer->wish), seen);

	if (r == 0)
		r = gate_install_make(&installer->wish, &installer->node, policy, diags, &text);
	if (r == 0 && asprintf(ret_text, "%s\n# Certificates and keys as of %s\n", text, seen) < 0)
		r = -ENOMEM;
	if (r == 0)
		memcpy(installer->seen, seen, sizeof(seen));
	if (r == -EINVAL)
		return fault_set(&installer->fault, r, "the configuration cannot be made: %s",
				 diags->count ? diags->items[0].text : "see the rules");
	return r < 0 ? fault_set(&installer->fault, r, "no memory for the configuration") : 0;
}

/* The change. */

static bool is_whole(const struct gate_installer *installer)
{
	return installer->wish.user != NULL;
}

/* .FILE.new is there. An nginx.conf is tested before it is FILE. */
static int change_whole(struct gate_installer *installer, struct fault *fault)
{
	struct gate_file *file = &installer->file;
	const struct nginx_subject subject = {file->fresh, file->refused};
	int r = nginx_test(&installer->nginx, &subject, true, fault);

	if (r == 0)
		return gate_file_put_in(file, true, fault);
	(void)gate_file_refuse(file, NULL);
	return r;
}

/* What somebody's nginx.conf includes can only be tested where it is included. */
static int change_part(struct gate_installer *installer, struct fault *fault)
{
	struct gate_file *file = &installer->file;
	const struct nginx_subject subject = {file->path, file->refused};
	struct fault further = {0};
	int r = gate_file_put_in(file, false, fault);

	if (r < 0)
		return r;
	r = nginx_test(&installer->nginx, &subject, false, fault);
	if (r < 0 && gate_file_put_back(file, &further) < 0)
		return fault_set(fault, further.code, "%s", further.text);
	return r;
}

/* FILE is right, but somebody was interrupted on the way to telling nginx. */
static int test_again(struct gate_installer *installer, struct fault *fault)
{
	const struct nginx_subject subject = {installer->file.path, NULL};

	return nginx_test(&installer->nginx, &subject, is_whole(installer), fault);
}

static int change(struct gate_installer *installer, const char *text, struct fault *fault)
{
	size_t size = strlen(text);
	int same = gate_file_holds(&installer->file, text, size, fault);
	int r;

	if (same < 0)
		return same;
	if (same > 0)
		return installer->file.unsettled ? test_again(installer, fault) : GATE_UNCHANGED;
	r = gate_file_write(&installer->file, text, size, fault);
	if (r < 0)
		return r;
	return is_whole(installer) ? change_whole(installer, fault) : change_part(installer, fault);
}

/* FILE stays from here on, whether or not there is an nginx to tell. */
static int reload(struct gate_installer *installer, struct fault *fault)
{
	struct fault away = {0};
	int told = nginx_reload(&installer->nginx, &away);
	int r;

	if (told < 0 && told != -ESRCH) {
		*fault = away;
		return told;
	}
	r = gate_file_settle(&installer->file, fault);
	return r < 0 ? r : told == -ESRCH ? GATE_WRITTEN : GATE_RELOADED;
}

static int install(struct gate_installer *installer, const char *text, size_t vaults,
		   struct fault *fault)
{
	int r;

	installer->nginx.configuration = is_whole(installer) ? installer->file.path : NULL;
	installer->nginx.seconds = NGINX_SECONDS + (unsigned)(vaults / VAULTS_PER_SECOND);
	r = change(installer, text, fault);
	if (r < 0 || !installer->file.unsettled)
		return r;
	return reload(installer, fault);
}

static void keep_diagnostics(struct gate_installer *installer, const struct diags *diags)
{
	struct diags first = *diags;

	if (first.count > GATE_REPORT_DIAGNOSTICS)
		first.count = GATE_REPORT_DIAGNOSTICS;
	json_decref(installer->diagnostics);
	installer->diagnostics = report_from_diags(&first);
	installer->unserved = diags->warnings;
}

int gate_install_run(struct gate_installer *installer, const struct policy *policy,
		     uint32_t generation, struct diags *diags)
{
	cleanup(free_ptr) char *text = NULL;
	int r;

	installer->fault = (struct fault){0};
	installer->wanted = generation;
	r = make_text(installer, policy, diags, &text);
	diags_sort(diags);
	keep_diagnostics(installer, diags);
	if (r == 0 && text)
		r = install(installer, text, policy->vault_count, &installer->fault);
	installer->left = gate_file_state(&installer->file);
	if (r < 0)
		return r;
	installer->known = true;
	installer->generation = generation;
	return r;
}

void gate_install_skip(struct gate_installer *installer, uint32_t generation, const char *problem)
{
	installer->wanted = generation;
	(void)fault_set(&installer->fault, -EBADMSG, "%s", problem);
}

bool gate_install_is_stale(const struct gate_installer *installer, const struct policy *policy)
{
	struct gate_file_state now = gate_file_state(&installer->file);
	char seen[GATE_CERTIFICATES_TEXT];

	return memcmp(&now, &installer->left, sizeof(now)) != 0 ||
	       (gate_certificates_digest(policy, upstream_ca(&installer->wish), seen) == 0 &&
		strcmp(seen, installer->seen) != 0);
}

/* What the agent is told. */

static json_t *make_report(const struct gate_installer *installer, bool follows, bool full)
{
	const char *problem = installer->fault.code ? installer->fault.text : NULL;
	json_t *generation = installer->known ? json_integer(installer->generation) : json_null();
	json_t *diagnostics =
		full && installer->diagnostics ? json_incref(installer->diagnostics) : json_array();
	json_int_t since = (json_int_t)installer->left.seconds;

	return json_pack("{s:s, s:b, s:o, s:I, s:I, s:s?, s:I, s:o}", "file", installer->file.path,
			 "follows", follows, "generation", generation, "wanted",
			 (json_int_t)installer->wanted, "since", since > 0 ? since : 0, "problem",
			 problem, "unserved", (json_int_t)installer->unserved, "diagnostics",
			 diagnostics);
}

/* Names of files may be longer than the agent takes them. */
json_t *gate_install_report(const struct gate_installer *installer, bool follows)
{
	json_t *report = make_report(installer, follows, true);

	if (!report || gate_report_check(report, NULL) == 0)
		return report;
	json_decref(report);
	return make_report(installer, follows, false);
}

static void release_json(json_t **json)
{
	json_decref(*json);
}

int gate_install_tell(const struct gate_installer *installer, bool follows, struct fault *fault)
{
	cleanup(release_json) json_t *report = gate_install_report(installer, follows);
	cleanup(client_reply_free) struct client_reply reply = {0};
	const struct client_request request = {
		.path = "/v1/gate-configuration", .body = report, .timeout = TELL_SECONDS};
	int r;

	if (!report)
		return fault_set(fault, -ENOMEM, "no memory for a report");
	r = client_call(installer->wish.paths, &request, &reply, fault);
	if (r < 0 || reply.status == 200)
		return r;
	return fault_set(fault, -EIO, "the agent: %s", client_error(&reply));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of nginx's configuration: made of the rules, tested by nginx, put in place of the one
 * before, and nginx told; or left as it was, with the reason.
 *
 *                    an nginx.conf of its own         part of somebody's http block
 *   tested           as .FILE.new, before it is FILE  as FILE, and then put back if refused
 *   told to nginx    with -c FILE                     with the nginx.conf that it was built with
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "diag.h"
#include "fault.h"
#include "gate_certificates.h"
#include "gate_file.h"
#include "nginx.h"
#include "node.h"
#include "paths.h"
#include "policy.h"

/* What was asked for; texts are borrowed. */
struct gate_wish {
	const struct paths *paths;
	const char *config;  /* node.yaml */
	const char *file;    /* where nginx's configuration goes */
	const char *program; /* nginx; NULL: where packages put it */
	const char *user;    /* an nginx.conf whose workers run as; NULL: part of an http block */
	const char *upstream_ca; /* NULL: the system's */
};

/* What there is to do it with. Starts as GATE_INSTALLER_CLOSED. */
struct gate_installer {
	struct gate_wish wish;
	struct node node;
	struct nginx nginx;
	struct gate_file file;
	char seen[GATE_CERTIFICATES_TEXT]; /* the certificates of the last run */
	struct gate_file_state left;	   /* and how it left FILE */

	/* What the agent is told. */
	bool known;
	uint32_t generation, wanted; /* that FILE is of, if that is `known`; that was tried */
	struct fault fault;	     /* of the last run */
	size_t unserved;
	json_t *diagnostics; /* the first of them */
};

#define GATE_INSTALLER_CLOSED ((struct gate_installer){.file = {.folder = -1, .lock = -1}})

/* node.yaml, of which the gate is needed. -EINVAL: it is wrong, or its gate is none of nginx's. */
int gate_install_node(const char *config, struct node *ret_node, struct fault *fault);

/*
 * The configuration alone. -EINVAL with an error in `diags`; -ENOMEM. *ret_text is the caller's to
 * free().
 */
int gate_install_make(const struct gate_wish *wish, const struct node *node,
		      const struct policy *policy, struct diags *diags, char **ret_text);

/* Takes FILE's lock. -EINVAL, -EPERM: it cannot be done like that; -EBUSY: another does it. */
int gate_install_open(const struct gate_wish *wish, struct gate_installer *ret_installer,
		      struct fault *fault);
void gate_install_close(struct gate_installer *installer);

enum gate_change {
	GATE_UNCHANGED, /* FILE was right already, and nothing was touched */
	GATE_RELOADED,
	GATE_WRITTEN, /* and nginx does not run: it will read it when it starts */
};

/*
 * An enum gate_change, or -errno with installer->fault: FILE is what it was before. -EBADMSG: nginx
 * refused; -EINVAL: there is an error in `diags`. Warnings about vaults without a place go there.
 */
int gate_install_run(struct gate_installer *installer, const struct policy *policy,
		     uint32_t generation, struct diags *diags);

/* Instead of a run: why there can be none for this generation. */
void gate_install_skip(struct gate_installer *installer, uint32_t generation, const char *problem);

/* Whether FILE, or a certificate, is another than the last run left. */
bool gate_install_is_stale(const struct gate_installer *installer, const struct policy *policy);

/* As gate_report.h says; NULL: no memory. */
json_t *gate_install_report(const struct gate_installer *installer, bool follows);

/* Tells the agent. -errno with a fault if it did not listen. */
int gate_install_tell(const struct gate_installer *installer, bool follows, struct fault *fault);

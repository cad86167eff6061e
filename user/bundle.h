/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rules bundle, the document and its files, as JSON: the form that every tool can
 * make and read (the other one: bundle_pack.h).
 *
 *   {"name": "rules.yaml", "rules": "<text>", "files": {"partners.txt": "<text>"},
 *    "edits": "<text>"}
 *
 * "files" and "edits" (policy_edit.h) may be left out; nothing else may be there, and
 * nothing twice. Texts are UTF-8 without a NUL. Pure: reads no file, and does not look at what the
 * rules say.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "policy.h"

#define BUNDLE_JSON_MAX	   ((size_t)128 << 20) /* bytes of the JSON text */
#define BUNDLE_FILES_MAX   1024
#define BUNDLE_NAME_MAX	   1024 /* bytes of a file's name */

#define BUNDLE_DIGEST	   32
#define BUNDLE_DIGEST_TEXT 65 /* in hexadecimal, and its NUL */

/* A bundle that owns its texts: strings of `json`, pieces of `block`, and `edits`. Starts as {0}.
 */
struct bundle {
	struct rules_bundle rules;
	json_t *json; /* the names are its strings, at least */
	char *block;
	char *edits; /* if that text is neither of these */
};

/* -EINVAL: it is no bundle, and `fault` says why. */
int bundle_parse(const char *text, size_t size, struct bundle *ret_bundle, struct fault *fault);

/* The same from JSON that is there already; takes a reference of its own. */
int bundle_from_json(json_t *json, struct bundle *ret_bundle, struct fault *fault);

/* The way back. -EINVAL for what no bundle can carry: a NUL, bytes that are not UTF-8. */
int bundle_to_json(const struct rules_bundle *rules, json_t **ret_json, struct fault *fault);

/* -EINVAL for a name that no file has in a bundle. */
int bundle_check_name(const char *name, size_t length, struct fault *fault);

/* Takes a copy of `text`; the edits that were there go. -ENOMEM. */
int bundle_set_edits(struct bundle *bundle, const char *text, size_t size);

/* Takes what was never filled, too. */
void bundle_free(struct bundle *bundle);

/*
 * SHA-256 of what the rules say: the document's text, then each file's name and
 * text in the order of the names, every piece with its length before it. Where
 * the document lay is left out, so that the same rules from another folder are
 * the same rules. With edits it is the digest of that digest and their text, so that
 * an edit is not paid for with the document's size. -ENOMEM.
 */
int bundle_digest(const struct rules_bundle *rules, uint8_t ret_digest[BUNDLE_DIGEST]);

/* Its two steps. */
int bundle_digest_document(const struct rules_bundle *rules, uint8_t ret_digest[BUNDLE_DIGEST]);
int bundle_digest_edits(const uint8_t document[BUNDLE_DIGEST], const struct rules_file *edits,
			uint8_t ret_digest[BUNDLE_DIGEST]);

void bundle_digest_format(const uint8_t digest[BUNDLE_DIGEST], char text[BUNDLE_DIGEST_TEXT]);

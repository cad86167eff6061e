// SPDX-License-Identifier: Apache-2.0
#include "firewall_image.h"

#include <errno.h>
#include <openssl/evp.h>
#include <time.h>

#include "cleanup.h"
#include "counter.h"
#include "firewall_connections.h"
#include "firewall_tags.h"

static void free_digest_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static int digest_number(EVP_MD_CTX *context, uint64_t number)
{
	return EVP_DigestUpdate(context, &number, sizeof(number));
}

static int digest_ranges(EVP_MD_CTX *context, const struct range_list *list)
{
	int good = digest_number(context, list->count);

	for (size_t i = 0; good && i < list->count; i++)
		good = digest_number(context, (uint64_t)list->items[i].range.first << 32 |
						      list->items[i].range.last);
	return good;
}

/* What `compile` reads of node.yaml; VLAN tags are the links' matter. */
static int digest_node(EVP_MD_CTX *context, const struct node *node)
{
	int good = digest_ranges(context, &node->failsafe);

	for (size_t i = 0; good && i < node->tag_count; i++)
		good = digest_number(context, node->tags[i].transport) &&
		       digest_number(context, node->tags[i].port) &&
		       digest_ranges(context, &node->tags[i].peers);
	return good;
}

int firewall_image_digest(const struct node *node, const struct rules *rules,
			  uint8_t ret_digest[BUNDLE_DIGEST])
{
	/* Another version may compile the same rules otherwise. */
	static const char version[] = VAULTWALL_VERSION;
	cleanup(free_digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL) ||
	    !EVP_DigestUpdate(context, version, sizeof(version)) ||
	    !EVP_DigestUpdate(context, rules->stored.digest, BUNDLE_DIGEST) ||
	    !digest_node(context, node) || !EVP_DigestFinal_ex(context, ret_digest, NULL))
		return -ENOMEM;
	return 0;
}

static int compile_failed(const struct diags *diags, int code, struct fault *fault)
{
	if (code == -ENOMEM)
		return fault_set(fault, code, "no memory to compile the rules");
	return fault_set(fault, code, "the rules do not fit: %s",
			 diags->count > 0 ? diags->items[diags->count - 1].text : "too many");
}

static int seat(const struct firewall *firewall, const struct policy *policy,
		enum prepare_seats seats, struct diags *diags, struct seating *ret_seating,
		struct fault *fault)
{
	cleanup(seating_free) struct seating before = {0};
	int r = loader_seating(firewall->loader, &before, fault);

	if (r < 0)
		return r;
	if (seats == PREPARE_ASSIGN_SEATS) {
		r = seating_assign(policy, &before, VW_SEATS, diags, ret_seating);
		return r < 0 ? compile_failed(diags, r, fault) : 0;
	}
	*ret_seating = before;
	before = (struct seating){0};
	return 0;
}

int firewall_prepare(struct firewall *firewall, const struct node *node, const struct rules *rules,
		     enum prepare_seats seats, struct diags *diags, struct prepared *ret_prepared,
		     struct fault *fault)
{
	cleanup(prepared_free) struct prepared prepared = {.generation = rules->stored.generation};
	struct image_stamp stamp = {.generation = rules->stored.generation,
				    .created = (uint64_t)time(NULL)};
	int r;

	if (firewall_image_digest(node, rules, stamp.digest) < 0)
		return fault_set(fault, -ENOMEM, "no memory to compile the rules");
	r = seat(firewall, &rules->policy, seats, diags, &prepared.seating, fault);
	if (r < 0)
		return r;
	r = image_compile(&rules->policy, node, &prepared.seating, &stamp, LOADER_SLOT_LINES, diags,
			  &prepared.image);
	if (r < 0)
		return compile_failed(diags, r, fault);
	*ret_prepared = prepared;
	prepared = (struct prepared){0};
	return 0;
}

int firewall_publish(struct firewall *firewall, struct prepared *prepared, struct fault *fault)
{
	int r;

	firewall_settle(firewall);
	r = loader_publish(firewall->loader, &prepared->image, &prepared->seating, fault);
	if (r < 0)
		return r;
	connections_cut(firewall);
	seating_free(&firewall->seating);
	firewall->seating = prepared->seating;
	prepared->seating = (struct seating){0};
	firewall->generation = prepared->generation;
	firewall->lines = prepared->image.count;
	return 0;
}

bool firewall_is_settled(const struct firewall *firewall)
{
	return !firewall->loader || loader_is_settled(firewall->loader);
}

void firewall_settle(struct firewall *firewall)
{
	if (firewall_is_settled(firewall))
		return;
	/* Once more: some were let in by a CPU that was in the old image yet. */
	if (loader_is_flipped(firewall->loader) && !loader_leave(firewall->loader, NULL)) {
		connections_cut(firewall);
		firewall_cut_tags(firewall);
	}
	loader_settle(firewall->loader, &firewall->seating);
}

void prepared_free(struct prepared *prepared)
{
	image_free(&prepared->image);
	seating_free(&prepared->seating);
	*prepared = (struct prepared){0};
}

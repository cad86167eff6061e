/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authorize.h"
#include "cleanup.h"
#include "gatehouse.h"

#define EXCHANGED "5d0e8a4c-2f5b-4a53-9a0e-0c1b1c6f7d11" /* the partner's application */
#define PRINCIPAL "4444a5a6-30f0-4f6c-8a5e-2f1d5b6c7d88" /* its object id in the vault's tenant */
#define USER	  "55555555-e2ce-469f-a196-69ab7ada62d3"
#define GROUP	  "66666666-e2ce-469f-a196-69ab7ada62d3"
#define ELSEWHERE "99999999-1bf0-4dda-aec3-cb9272f09590" /* another subscription */
#define RECOVERY                                                                                   \
	"/subscriptions/" GATE_HOME                                                                \
	"/resourcegroups/rg/providers/Microsoft.RecoveryServices/vaults/v1"
#define ASSIGNED                                                                                   \
	"/subscriptions/" GATE_HOME                                                                \
	"/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"

/* clang-format off */
static const char rules[] =
	"version: 1\n"
	"issuers:\n"
	"  - name: entra\n"
	"    issuer: https://login.microsoftonline.com/{tenant}/v2.0\n"
	"    audiences: [https://vault.azure.net]\n"
	"  - name: pipelines\n"
	"    issuer: https://pipelines.example\n"
	"    audiences: [https://vault.azure.net, api://AzureADTokenExchange]\n"
	"trusted_services:\n"
	"  - name: backup\n"
	"    ip_rules: [192.0.2.128/28]\n"
	"    identities:\n"
	"      - {kind: application, app_id: " GATE_APP ", subscription: same}\n"
	"      - kind: managed_identity\n"
	"        resource: /subscriptions/*/resourceGroups/*/providers/Microsoft.RecoveryServices/vaults/*\n"
	"        subscription: same\n"
	"      - kind: managed_identity # anywhere\n"
	"        resource: /subscriptions/" ELSEWHERE "/resourceGroups/rg/providers/A.B/c/*\n"
	"  - name: partner\n"
	"    ip_rules: [192.0.2.64/28, 192.0.2.128/28]\n"
	"    operations: [secrets/get]\n"
	"    identities:\n"
	"      - {kind: federated, app_id: " EXCHANGED ", issuer: https://login.microsoftonline.com/"
		GATE_FOREIGN "/v2.0, subject: them, audience: api://AzureADTokenExchange, object_id: "
		PRINCIPAL "}\n"
	"      - {kind: federated, app_id: " EXCHANGED ", issuer: https://pipelines.example, "
		"subject: 'repo:a:main', audience: api://AzureADTokenExchange, object_id: " PRINCIPAL "}\n"
	"  - name: desk\n"
	"    ip_rules: [192.0.2.128/28]\n"
	"    identities: [{kind: application, app_id: " USER "}]\n"
	"vaults:\n"
	"  - name: contoso\n"
	"    hostnames: [contoso.vault.example]\n"
	"    frontends: [203.0.113.10:443]\n"
	"    tenant: " GATE_TENANT "\n"
	"    subscription: " GATE_HOME "\n"
	"    network_acls: {bypass: trusted_services}\n"
	"    access_policies:\n"
	"      - {object_id: " GATE_CALLER ", secrets: [get], keys: [all]}\n"
	"      - {object_id: " PRINCIPAL ", secrets: [all]} # principal\n"
	"      - {object_id: " GROUP ", certificates: [get]} # group\n"
	"      - {object_id: " USER ", application_id: " GATE_APP ", storage: [get]} # compound\n"
	"      - {object_id: " USER ", certificates: [deleteissuers], storage: [set]}\n"
	"  - name: stateless\n"
	"    hostnames: [stateless.vault.example]\n"
	"    frontends: [203.0.113.10:443]\n"
	"    tenant: " GATE_TENANT "\n"
	"    network_acls: {bypass: trusted_services}\n"
	"    access_policies: [{object_id: " GATE_CALLER ", secrets: [get]}]\n";
/* clang-format on */

#define ASSERTION(iss, tid, sub)                                                                   \
	"{\"iss\":\"" iss "\",\"tid\":" tid ",\"sub\":\"" sub                                      \
	"\",\"aud\":\"api://AzureADTokenExchange\",\"azp\":null,\"idtyp\":null}"
#define FOREIGN_V2 "https://login.microsoftonline.com/" GATE_FOREIGN "/v2.0"
#define FROM_HOME  ",\"xms_mirid\":\"" RECOVERY "\""

static struct gate gate;

static int open_gate(void **state)
{
	(void)state;
	gate_open(&gate, rules);
	return 0;
}

static int close_gate(void **state)
{
	(void)state;
	gate_close(&gate);
	return 0;
}

static int reset_gate(void **state)
{
	(void)state;
	gate_reset(&gate);
	return 0;
}

static void expect(const char *changes, enum authorize_reason reason)
{
	gate_token(&gate, changes);
	gate_expect(&gate, reason);
}

static void expect_missing(const char *changes, const char *words)
{
	expect(changes, AUTHORIZE_UNKNOWN_CALLER);
	if (!strstr(gate.decision.detail, words))
		fail_msg("%s", gate.decision.detail);
}

static void an_application_lies_in_the_same_subscription(void **state)
{
	(void)state;
	expect("{\"xms_az_rid\":\"" RECOVERY "\"}", AUTHORIZE_TRUSTED_SERVICE);
	assert_int_equal(gate.decision.identity->kind, IDENTITY_APPLICATION);
	expect("{\"xms_mirid\":\"" ASSIGNED "\"}", AUTHORIZE_TRUSTED_SERVICE);
	expect_missing("{}", "names no resource");
	expect_missing("{\"xms_az_rid\":\"/subscriptions/" ELSEWHERE "/x\"}",
		       "not in the vault's subscription");
	expect_missing("{\"xms_az_rid\":\"/subscriptions/" GATE_HOME "0/x\"}",
		       "not in the vault's subscription");
	expect_missing("{\"xms_az_rid\":\"/x/subscriptions/" GATE_HOME "\"}",
		       "not in the vault's subscription");
	/* Its own identity, but used by a resource of somebody else's. */
	expect_missing("{\"xms_mirid\":\"" ASSIGNED "\",\"xms_az_rid\":\"/subscriptions/" ELSEWHERE
		       "/x\"}",
		       "not in the vault's subscription");
	expect("{\"xms_az_rid\":\"/SUBSCRIPTIONS/0B1F6471-1bf0-4dda-aec3-cb9272f09590\"}",
	       AUTHORIZE_TRUSTED_SERVICE);
}

static void without_a_subscription_of_the_vault_nothing_is_the_same(void **state)
{
	(void)state;
	gate.question.host = "stateless.vault.example";
	expect_missing("{\"xms_az_rid\":\"" RECOVERY "\"}", "the vault has no subscription");
}

static void an_application_is_known_by_v1_and_v2(void **state)
{
	(void)state;
	expect("{\"azp\":null,\"appid\":\"" GATE_APP "\",\"ver\":\"1.0\"" FROM_HOME "}",
	       AUTHORIZE_TRUSTED_SERVICE);
	expect("{\"azp\":\"262044B1-E2CE-469F-A196-69AB7ADA62D3\"" FROM_HOME "}",
	       AUTHORIZE_TRUSTED_SERVICE);
	expect("{\"azp\":null" FROM_HOME "}", AUTHORIZE_TRUSTED_SERVICE); /* by xms_mirid */
	assert_int_equal(gate.decision.identity->kind, IDENTITY_MANAGED);
	expect("{\"azp\":null,\"xms_az_rid\":\"" RECOVERY "\"}", AUTHORIZE_UNKNOWN_CALLER);
}

static void a_managed_identity_is_matched_by_whole_segments(void **state)
{
	static const char *const good[] = {
		RECOVERY,
		"/SUBSCRIPTIONS/" GATE_HOME
		"/resourceGroups/A b(c)/PROVIDERS/microsoft.recoveryservices/VAULTS/x",
	};
	static const char *const bad[] = {
		RECOVERY "/",
		RECOVERY "/x",
		"/subscriptions/" GATE_HOME "/resourcegroups/rg/providers/"
		"Microsoft.RecoveryServices/vaults",
		"/subscriptions/" GATE_HOME "/resourcegroups/rg/providers/"
		"Microsoft.RecoveryServices/vaults/",
		"/subscriptions/" GATE_HOME "/resourcegroups//providers/"
		"Microsoft.RecoveryServices/vaults/v",
		"/subscriptions/" GATE_HOME "/resourcegroups/rg/providers/"
		"Microsoft.RecoveryServicesX/vaults/v",
		"subscriptions/" GATE_HOME "/resourcegroups/rg/providers/"
		"Microsoft.RecoveryServices/vaults/v",
		"x" RECOVERY,
		"",
		"/",
		ASSIGNED,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cleanup(free_ptr) char *changes = NULL;

		assert_true(asprintf(&changes, "{\"azp\":null,\"xms_mirid\":\"%s\"}", good[i]) > 0);
		expect(changes, AUTHORIZE_TRUSTED_SERVICE);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cleanup(free_ptr) char *changes = NULL;

		assert_true(asprintf(&changes, "{\"azp\":null,\"xms_mirid\":\"%s\"}", bad[i]) > 0);
		expect(changes, AUTHORIZE_UNKNOWN_CALLER);
	}
}

static void a_managed_identity_may_be_let_in_from_another_subscription(void **state)
{
	(void)state;
	expect("{\"azp\":null,\"xms_mirid\":\"/subscriptions/" ELSEWHERE
	       "/resourceGroups/rg/providers/a.b/C/d\"}",
	       AUTHORIZE_TRUSTED_SERVICE);
	expect("{\"azp\":null,\"xms_mirid\":\"/subscriptions/" ELSEWHERE
	       "/resourceGroups/rg2/providers/a.b/C/d\"}",
	       AUTHORIZE_UNKNOWN_CALLER);
	expect_missing("{\"azp\":null,\"xms_mirid\":\"/subscriptions/" ELSEWHERE
		       "/resourcegroups/rg/providers/Microsoft.RecoveryServices/vaults/v\"}",
		       "not in the vault's subscription");
}

static void a_federated_application_comes_with_an_exchanged_token(void **state)
{
	(void)state;
	expect("{\"azp\":\"" EXCHANGED "\",\"oid\":\"" PRINCIPAL "\"}", AUTHORIZE_TRUSTED_SERVICE);
	assert_string_equal(gate.decision.service->name, "partner");
	gate_expect_line(&gate, "# principal");
	expect_missing("{\"azp\":\"" EXCHANGED "\",\"idtyp\":null}", "idtyp");
	/* Of an issuer that counts, but says another tenant or none. */
	expect_missing("{\"azp\":\"" EXCHANGED
		       "\",\"iss\":\"https://pipelines.example\",\"tid\":null}",
		       "vault's tenant");
	expect_missing("{\"azp\":\"" EXCHANGED
		       "\",\"iss\":\"https://pipelines.example\",\"tid\":\"" GATE_FOREIGN "\"}",
		       "vault's tenant");
}

static void a_federated_application_comes_with_the_assertion_itself(void **state)
{
	(void)state;
	expect(ASSERTION(FOREIGN_V2, "\"" GATE_FOREIGN "\"", "them"), AUTHORIZE_TRUSTED_SERVICE);
	assert_string_equal(gate.decision.caller.app_id, EXCHANGED);
	assert_string_equal(gate.decision.caller.object_id, PRINCIPAL);
	gate_expect_line(&gate, "# principal");
	expect(ASSERTION("https://pipelines.example", "null", "repo:a:main"),
	       AUTHORIZE_TRUSTED_SERVICE);
	/* The subject is compared with case, like the issuer and the audience. */
	expect(ASSERTION(FOREIGN_V2, "\"" GATE_FOREIGN "\"", "Them"), AUTHORIZE_UNKNOWN_CALLER);
	expect(ASSERTION("https://pipelines.example", "null", "repo:a:main2"),
	       AUTHORIZE_UNKNOWN_CALLER);
	expect(ASSERTION("https://pipelines.example", "null", "them"), AUTHORIZE_UNKNOWN_CALLER);
}

static void an_assertion_is_no_other_identity(void **state)
{
	(void)state;
	/* A tenant that an identity is federated with makes no applications of the vault's. */
	expect_missing("{\"iss\":\"" FOREIGN_V2 "\",\"tid\":\"" GATE_FOREIGN
		       "\",\"aud\":\"api://AzureADTokenExchange\"" FROM_HOME "}",
		       "assertion");
	/* Nor does an issuer without a tenant, which could write any claim. */
	expect_missing("{\"iss\":\"https://pipelines.example\","
		       "\"aud\":\"api://AzureADTokenExchange\"" FROM_HOME "}",
		       "assertion");
	expect_missing(
		"{\"iss\":\"https://pipelines.example\",\"aud\":[\"https://vault.azure.net\","
		"\"api://AzureADTokenExchange\"]" FROM_HOME "}",
		"assertion");
	expect_missing("{\"iss\":\"https://pipelines.example\",\"azp\":\"" EXCHANGED
		       "\",\"aud\":\"api://AzureADTokenExchange\"}",
		       "assertion");
	expect("{\"iss\":\"" FOREIGN_V2 "\",\"tid\":\"" GATE_FOREIGN "\"}",
	       AUTHORIZE_INVALID_TOKEN);
	assert_int_equal(gate.decision.token_fault, TOKEN_FAULT_TENANT);
}

static void groups_of_an_assertion_count_for_nothing(void **state)
{
	(void)state;
	gate.question.target = "/certificates/x";
	expect("{\"azp\":\"" EXCHANGED "\",\"groups\":[\"" GROUP "\"]}", AUTHORIZE_OTHER_OPERATION);
	expect("{\"iss\":\"" FOREIGN_V2 "\",\"tid\":\"" GATE_FOREIGN
	       "\",\"aud\":\"api://AzureADTokenExchange\",\"sub\":\"them\",\"groups\":[\"" GROUP
	       "\"]}",
	       AUTHORIZE_OTHER_OPERATION);
	assert_null(gate.decision.caller.groups);
}

static void a_service_comes_from_its_own_addresses(void **state)
{
	(void)state;
	gate_source(&gate, "192.0.2.70"); /* the partner's */
	expect_missing("{\"xms_az_rid\":\"" RECOVERY "\"}", "may not come from there");
	expect("{\"azp\":\"" EXCHANGED "\",\"oid\":\"" PRINCIPAL "\"}", AUTHORIZE_TRUSTED_SERVICE);
}

static void a_group_gives_its_permissions(void **state)
{
	(void)state;
	gate.question.target = "/certificates/x";
	expect("{\"groups\":[\"" USER "\",\"66666666-E2CE-469F-A196-69AB7ADA62D3\"]" FROM_HOME "}",
	       AUTHORIZE_TRUSTED_SERVICE);
	gate_expect_line(&gate, "# group");
	expect("{\"groups\":[\"" ELSEWHERE "\"]" FROM_HOME "}", AUTHORIZE_NO_PERMISSION);
	expect("{\"_claim_names\":{\"groups\":\"src1\"}" FROM_HOME "}", AUTHORIZE_NO_PERMISSION);
	assert_string_equal(gate.decision.detail,
			    "the token does not list all groups of the caller");
	/* No group is needed for what the caller has itself. */
	gate.question.target = "/keys/x";
	expect("{\"_claim_names\":{\"groups\":\"src1\"}" FROM_HOME "}", AUTHORIZE_TRUSTED_SERVICE);
}

static void a_compound_policy_takes_caller_and_application(void **state)
{
	(void)state;
	gate.question.target = "/storage/x";
	expect("{\"oid\":\"" USER "\"" FROM_HOME "}", AUTHORIZE_TRUSTED_SERVICE);
	gate_expect_line(&gate, "# compound");
	expect("{\"oid\":\"" USER "\",\"azp\":\"" USER "\"}", AUTHORIZE_NO_PERMISSION);
	expect("{\"oid\":\"" USER "\",\"azp\":null" FROM_HOME "}", AUTHORIZE_NO_PERMISSION);
	gate.question.method = "PUT";
	expect("{\"oid\":\"" USER "\",\"azp\":\"" USER "\"}", AUTHORIZE_TRUSTED_SERVICE);
}

static void all_is_every_permission_of_its_kind(void **state)
{
	static const char *const targets[] = {"/keys/x/encrypt", "/keys/x/rotate", "/keys/x/create",
					      "/keys/restore"};

	(void)state;
	gate_token(&gate, "{\"xms_mirid\":\"" RECOVERY "\"}");
	gate.question.method = "POST";
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		gate.question.target = targets[i];
		gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
	}
	gate.question.target = "/secrets/restore";
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
}

static void any_of_several_permissions_is_enough(void **state)
{
	(void)state;
	gate.question.method = "DELETE";
	gate.question.target = "/certificates/issuers/x";
	expect("{\"oid\":\"" USER "\",\"azp\":\"" USER "\"}", AUTHORIZE_TRUSTED_SERVICE);
	gate.question.method = "PUT";
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
	gate.question.method = "PATCH";
	gate.question.target = "/storage/x";
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
}

static void health_takes_a_service_that_may_do_everything(void **state)
{
	(void)state;
	gate.question.target = "/healthstatus";
	expect("{\"oid\":\"" ELSEWHERE "\"" FROM_HOME "}", AUTHORIZE_TRUSTED_SERVICE);
	expect("{\"azp\":\"" EXCHANGED "\"}", AUTHORIZE_OTHER_OPERATION);
}

#define TEST(name) cmocka_unit_test_setup(name, reset_gate)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_application_lies_in_the_same_subscription),
		TEST(without_a_subscription_of_the_vault_nothing_is_the_same),
		TEST(an_application_is_known_by_v1_and_v2),
		TEST(a_managed_identity_is_matched_by_whole_segments),
		TEST(a_managed_identity_may_be_let_in_from_another_subscription),
		TEST(a_federated_application_comes_with_an_exchanged_token),
		TEST(a_federated_application_comes_with_the_assertion_itself),
		TEST(an_assertion_is_no_other_identity),
		TEST(groups_of_an_assertion_count_for_nothing),
		TEST(a_service_comes_from_its_own_addresses),
		TEST(a_group_gives_its_permissions),
		TEST(a_compound_policy_takes_caller_and_application),
		TEST(all_is_every_permission_of_its_kind),
		TEST(any_of_several_permissions_is_enough),
		TEST(health_takes_a_service_that_may_do_everything),
	};

	return cmocka_run_group_tests_name("authorize_identity", tests, open_gate, close_gate);
}

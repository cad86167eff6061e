/* SPDX-License-Identifier: Apache-2.0 */
#include "operation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "operation_rows.h"

#define V "0123456789abcdef0123456789abcdef"

/* Method, target, and what it takes: the manual's table, and every form of each row. */
static const struct {
	const char *method;
	const char *target;
	const char *name;
	const char *event;
	const char *object;
} rows[] = {
	{"GET", "/secrets/x", "secrets/get", "SecretGet", "x"},
	{"GET", "/secrets/x/" V, "secrets/get", "SecretGet", "x"},
	{"GET", "/secrets", "secrets/list", "SecretList", ""},
	{"GET", "/secrets/x/versions", "secrets/list", "SecretListVersions", "x"},
	{"PUT", "/secrets/x", "secrets/set", "SecretSet", "x"},
	{"PATCH", "/secrets/x", "secrets/set", "SecretUpdate", "x"},
	{"PATCH", "/secrets/x/" V, "secrets/set", "SecretUpdate", "x"},
	{"DELETE", "/secrets/x", "secrets/delete", "SecretDelete", "x"},
	{"POST", "/secrets/x/backup", "secrets/backup", "SecretBackup", "x"},
	{"POST", "/secrets/restore", "secrets/restore", "SecretRestore", ""},
	{"GET", "/deletedsecrets", "secrets/list", "SecretListDeleted", ""},
	{"GET", "/deletedsecrets/x", "secrets/get", "SecretGetDeleted", "x"},
	{"POST", "/deletedsecrets/x/recover", "secrets/recover", "SecretRecover", "x"},
	{"DELETE", "/deletedsecrets/x", "secrets/purge", "SecretPurge", "x"},
	{"GET", "/keys/x", "keys/get", "KeyGet", "x"},
	{"GET", "/keys/x/" V, "keys/get", "KeyGet", "x"},
	{"GET", "/keys", "keys/list", "KeyList", ""},
	{"GET", "/keys/x/versions", "keys/list", "KeyListVersions", "x"},
	{"POST", "/keys/x/create", "keys/create", "KeyCreate", "x"},
	{"PUT", "/keys/x", "keys/import", "KeyImport", "x"},
	{"PATCH", "/keys/x", "keys/update", "KeyUpdate", "x"},
	{"PATCH", "/keys/x/" V, "keys/update", "KeyUpdate", "x"},
	{"DELETE", "/keys/x", "keys/delete", "KeyDelete", "x"},
	{"POST", "/keys/x/" V "/encrypt", "keys/encrypt", "KeyEncrypt", "x"},
	{"POST", "/keys/x//encrypt", "keys/encrypt", "KeyEncrypt", "x"},
	{"POST", "/keys/x/encrypt", "keys/encrypt", "KeyEncrypt", "x"},
	{"POST", "/keys/x/" V "/decrypt", "keys/decrypt", "KeyDecrypt", "x"},
	{"POST", "/keys/x/" V "/sign", "keys/sign", "KeySign", "x"},
	{"POST", "/keys/x//sign", "keys/sign", "KeySign", "x"},
	{"POST", "/keys/x/" V "/verify", "keys/verify", "KeyVerify", "x"},
	{"POST", "/keys/x/" V "/wrapkey", "keys/wrapKey", "KeyWrap", "x"},
	{"POST", "/keys/x//wrapkey", "keys/wrapKey", "KeyWrap", "x"},
	{"POST", "/keys/x/" V "/unwrapkey", "keys/unwrapKey", "KeyUnwrap", "x"},
	{"POST", "/keys/x/" V "/release", "keys/release", "KeyRelease", "x"},
	{"POST", "/keys/x//release", "keys/release", "KeyRelease", "x"},
	{"POST", "/keys/x/rotate", "keys/rotate", "KeyRotate", "x"},
	{"GET", "/keys/x/rotationpolicy", "keys/getrotationpolicy", "KeyRotationPolicyGet", "x"},
	{"PUT", "/keys/x/rotationpolicy", "keys/setrotationpolicy", "KeyRotationPolicySet", "x"},
	{"POST", "/keys/x/backup", "keys/backup", "KeyBackup", "x"},
	{"POST", "/keys/restore", "keys/restore", "KeyRestore", ""},
	{"GET", "/deletedkeys", "keys/list", "KeyListDeleted", ""},
	{"GET", "/deletedkeys/x", "keys/get", "KeyGetDeleted", "x"},
	{"POST", "/deletedkeys/x/recover", "keys/recover", "KeyRecover", "x"},
	{"DELETE", "/deletedkeys/x", "keys/purge", "KeyPurge", "x"},
	{"GET", "/keys/x/attestation", "keys/get", "KeyAttestationGet", "x"},
	{"GET", "/keys/x/" V "/attestation", "keys/get", "KeyAttestationGet", "x"},
	{"POST", "/keys/x/" V "/securewrapkey", "keys/wrapKey", "KeySecureWrap", "x"},
	{"POST", "/keys/x/securewrapkey", "keys/wrapKey", "KeySecureWrap", "x"},
	{"POST", "/keys/x/" V "/secureunwrapkey", "keys/unwrapKey", "KeySecureUnwrap", "x"},
	{"POST", "/keys/x/secureunwrapkey", "keys/unwrapKey", "KeySecureUnwrap", "x"},
	{"GET", "/certificates/x", "certificates/get", "CertificateGet", "x"},
	{"GET", "/certificates/x/" V, "certificates/get", "CertificateGet", "x"},
	{"GET", "/certificates/x/policy", "certificates/get", "CertificatePolicyGet", "x"},
	{"GET", "/certificates/x/pending", "certificates/get", "CertificatePendingGet", "x"},
	{"GET", "/certificates", "certificates/list", "CertificateList", ""},
	{"GET", "/certificates/x/versions", "certificates/list", "CertificateListVersions", "x"},
	{"POST", "/certificates/x/create", "certificates/create", "CertificateCreate", "x"},
	{"POST", "/certificates/x/pending/merge", "certificates/create", "CertificatePendingMerge",
	 "x"},
	{"POST", "/certificates/x/import", "certificates/import", "CertificateImport", "x"},
	{"PATCH", "/certificates/x", "certificates/update", "CertificateUpdate", "x"},
	{"PATCH", "/certificates/x/" V, "certificates/update", "CertificateUpdate", "x"},
	{"PATCH", "/certificates/x/policy", "certificates/update", "CertificatePolicyUpdate", "x"},
	{"PATCH", "/certificates/x/pending", "certificates/update", "CertificatePendingUpdate",
	 "x"},
	{"DELETE", "/certificates/x/pending", "certificates/update", "CertificatePendingDelete",
	 "x"},
	{"DELETE", "/certificates/x", "certificates/delete", "CertificateDelete", "x"},
	{"GET", "/certificates/contacts", "certificates/managecontacts", "CertificateContactsGet",
	 ""},
	{"PUT", "/certificates/contacts", "certificates/managecontacts", "CertificateContactsSet",
	 ""},
	{"DELETE", "/certificates/contacts", "certificates/managecontacts",
	 "CertificateContactsDelete", ""},
	{"GET", "/certificates/issuers", "certificates/listissuers", "CertificateIssuersList", ""},
	{"GET", "/certificates/issuers/x", "certificates/getissuers", "CertificateIssuerGet", "x"},
	{"PUT", "/certificates/issuers/x", "certificates/setissuers", "CertificateIssuerSet", "x"},
	{"PATCH", "/certificates/issuers/x", "certificates/setissuers", "CertificateIssuerUpdate",
	 "x"},
	{"DELETE", "/certificates/issuers/x", "certificates/deleteissuers",
	 "CertificateIssuerDelete", "x"},
	{"POST", "/certificates/x/backup", "certificates/backup", "CertificateBackup", "x"},
	{"POST", "/certificates/restore", "certificates/restore", "CertificateRestore", ""},
	{"GET", "/deletedcertificates", "certificates/list", "CertificateListDeleted", ""},
	{"GET", "/deletedcertificates/x", "certificates/get", "CertificateGetDeleted", "x"},
	{"POST", "/deletedcertificates/x/recover", "certificates/recover", "CertificateRecover",
	 "x"},
	{"DELETE", "/deletedcertificates/x", "certificates/purge", "CertificatePurge", "x"},
	{"GET", "/storage", "storage/list", "StorageList", ""},
	{"GET", "/storage/x", "storage/get", "StorageGet", "x"},
	{"PUT", "/storage/x", "storage/set", "StorageSet", "x"},
	{"PATCH", "/storage/x", "storage/update", "StorageUpdate", "x"},
	{"DELETE", "/storage/x", "storage/delete", "StorageDelete", "x"},
	{"POST", "/storage/x/regeneratekey", "storage/regeneratekey", "StorageRegenerateKey", "x"},
	{"POST", "/storage/x/backup", "storage/backup", "StorageBackup", "x"},
	{"POST", "/storage/restore", "storage/restore", "StorageRestore", ""},
	{"GET", "/storage/x/sas", "storage/listsas", "StorageSasList", "x"},
	{"GET", "/storage/x/sas/y", "storage/getsas", "StorageSasGet", "x"},
	{"PUT", "/storage/x/sas/y", "storage/setsas", "StorageSasSet", "x"},
	{"PATCH", "/storage/x/sas/y", "storage/setsas", "StorageSasUpdate", "x"},
	{"DELETE", "/storage/x/sas/y", "storage/deletesas", "StorageSasDelete", "x"},
	{"GET", "/deletedstorage", "storage/list", "StorageListDeleted", ""},
	{"GET", "/deletedstorage/x", "storage/get", "StorageGetDeleted", "x"},
	{"DELETE", "/deletedstorage/x", "storage/purge", "StoragePurge", "x"},
	{"POST", "/deletedstorage/x/recover", "storage/recover", "StorageRecover", "x"},
	{"GET", "/deletedstorage/x/sas", "storage/listsas", "StorageSasListDeleted", "x"},
	{"GET", "/deletedstorage/x/sas/y", "storage/getsas", "StorageSasGetDeleted", "x"},
	{"POST", "/deletedstorage/x/sas/y/recover", "storage/recover", "StorageSasRecover", "x"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void each_operation_takes_its_permission(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct operation operation;
		enum permission_kind kind = PERMISSION_KINDS;
		uint32_t bits = operation_bits(rows[i].name, &kind);
		enum operation_fault fault =
			operation_read(rows[i].method, rows[i].target, false, &operation);

		if (fault)
			fail_msg("%s %s: %s", rows[i].method, rows[i].target,
				 operation_fault_label(fault));
		assert_string_equal(operation.name, rows[i].name);
		assert_string_equal(operation.event, rows[i].event);
		assert_string_equal(operation.object, rows[i].object);
		assert_int_equal(operation.kind, kind);
		assert_int_not_equal(bits, 0);
		assert_int_equal(operation.permissions & bits, bits);
	}
}

/* A row that no test asks for may be wrong; a permission that does not exist is. */
static void check_row(const struct operation_collection *collection,
		      const struct operation_row *row)
{
	size_t i = 0;

	for (size_t j = 0; j < 3 && row->permissions[j]; j++) {
		enum permission_kind kind = PERMISSION_KINDS;

		if (!operation_bits(row->permissions[j], &kind) || kind != collection->kind)
			fail_msg("%s", row->permissions[j]);
	}
	while (i < ROWS && strcmp(rows[i].event, row->event) != 0)
		i++;
	if (i == ROWS && row->permissions[0])
		fail_msg("%s", row->event);
}

static void the_table_holds_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; operation_collections[i].word; i++)
		for (const struct operation_row *row = operation_collections[i].rows; row->event;
		     row++)
			check_row(&operation_collections[i], row);
}

static uint32_t permissions_of(const char *method, const char *target)
{
	struct operation operation;

	assert_int_equal(operation_read(method, target, false, &operation), OPERATION_NONE);
	return operation.permissions;
}

static void some_operations_take_any_of_several_permissions(void **state)
{
	const uint32_t manage = permission_bits(PERMISSION_CERTIFICATES, "manageissuers");
	const uint32_t get = permission_bits(PERMISSION_CERTIFICATES, "getissuers");

	(void)state;
	assert_int_equal(permissions_of("GET", "/certificates/issuers/x"), manage | get);
	assert_int_equal(permissions_of("GET", "/certificates/issuers"),
			 manage | get | permission_bits(PERMISSION_CERTIFICATES, "listissuers"));
	assert_int_equal(permissions_of("PATCH", "/storage/x"),
			 permission_bits(PERMISSION_STORAGE, "set") |
				 permission_bits(PERMISSION_STORAGE, "update"));
}

static void health_takes_no_permission(void **state)
{
	struct operation operation;

	(void)state;
	assert_int_equal(operation_read("GET", "/healthstatus", false, &operation), OPERATION_NONE);
	assert_int_equal(operation.kind, PERMISSION_KINDS);
	assert_int_equal(operation.permissions, 0);
	assert_null(operation.name);
}

static void every_row_is_refused_with_any_other_method(void **state)
{
	static const char *const others[] = {"get",	"Get", "HEAD", "OPTIONS", "TRACE",
					     "CONNECT", "",    "GET ", "MERGE"};
	struct operation operation;

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++)
			assert_int_equal(
				operation_read(others[j], rows[i].target, false, &operation),
				OPERATION_METHOD);
}

static void slashes_are_read_as_the_service_reads_them(void **state)
{
	static const char *const targets[] = {"/secrets/x", "/secrets/x/", "//secrets//x",
					      "//secrets/x//", "/secrets/x/?api-version=7.5"};
	struct operation operation;

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(operation_read("GET", targets[i], false, &operation),
				 OPERATION_NONE);
		assert_string_equal(operation.event, "SecretGet");
		assert_string_equal(operation.path, "/secrets/x");
	}
}

static void escapes_are_read_once(void **state)
{
	struct operation operation;

	(void)state;
	assert_int_equal(operation_read("GET", "/secret%73/a%2Db", false, &operation),
			 OPERATION_NONE);
	assert_string_equal(operation.object, "a-b");
	assert_string_equal(operation.path, "/secrets/a-b");
}

static void the_api_version_is_found_however_it_is_written(void **state)
{
	static const char *const targets[] = {
		"/secrets/x?api-version=2025-07-01",
		"/secrets/x?api%2Dversion=2025-07-01",
		"/secrets/x/?maxresults=5&api%2dversion=2025%2D07-01",
		"/secrets?$skiptoken=eyJOZXh0%2F%2E%5C==&api-version=2025-07-01",
	};
	struct operation operation;

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(operation_read("GET", targets[i], false, &operation),
				 OPERATION_NONE);
		assert_string_equal(operation.api_version, "2025-07-01");
	}
	assert_int_equal(operation_read("GET", "/secrets?api-version=a%22b", false, &operation),
			 OPERATION_NONE);
	assert_string_equal(operation.api_version, "");
}

/* One row a trap. */
static const struct {
	const char *method;
	const char *target;
	enum operation_fault fault;
} traps[] = {
	{"GET", "", OPERATION_FORM},
	{"GET", "secrets/x", OPERATION_FORM},
	{"GET", "*", OPERATION_FORM},
	{"GET", "https://contoso.vault.example/secrets/x", OPERATION_FORM},
	{"GET", "/secrets/x#y", OPERATION_FRAGMENT},
	{"GET", "/secrets/x y", OPERATION_BYTE},
	{"GET", "/secrets/x\ty", OPERATION_BYTE},
	{"GET", "/secrets/x\x7f", OPERATION_BYTE},
	{"GET", "/secrets/\xc3\xa4", OPERATION_BYTE},
	{"GET", "/secrets/x?a=b\r\nc", OPERATION_BYTE},
	{"GET", "/secrets\\x", OPERATION_BACKSLASH},
	{"GET", "/secrets%5cx", OPERATION_BACKSLASH},
	{"GET", "/secrets/%", OPERATION_ESCAPE},
	{"GET", "/secrets/%4", OPERATION_ESCAPE},
	{"GET", "/secrets/%zz", OPERATION_ESCAPE},
	{"GET", "/secrets/%u0041", OPERATION_ESCAPE},
	{"GET", "/secrets/%2561", OPERATION_ESCAPE},
	{"GET", "/secrets/x?a=%4", OPERATION_ESCAPE},
	{"GET", "/secrets%2fx", OPERATION_ENCODED_SLASH},
	{"GET", "/secrets/x%2Fversions", OPERATION_ENCODED_SLASH},
	{"GET", "/secrets/%2e%2e/keys", OPERATION_ENCODED_DOT},
	{"GET", "/secrets/.%2e/keys", OPERATION_ENCODED_DOT},
	{"GET", "/secrets/x%00", OPERATION_ENCODED_CONTROL},
	{"GET", "/secrets/x%0a", OPERATION_ENCODED_CONTROL},
	{"GET", "/secrets/x?a=%00", OPERATION_ENCODED_CONTROL},
	{"GET", "/secrets/../keys/x", OPERATION_DOT_SEGMENT},
	{"GET", "/secrets/./x", OPERATION_DOT_SEGMENT},
	{"GET", "/secrets/x/..", OPERATION_DOT_SEGMENT},
	{"GET", "/./secrets/x", OPERATION_DOT_SEGMENT},
	{"GET", "/secrets/x/..;/versions", OPERATION_UNKNOWN},
	{"GET", "/secrets/x;a=b", OPERATION_BAD_NAME},
	{"GET", "/secrets/a_b", OPERATION_BAD_NAME},
	{"GET", "/secrets/a.b", OPERATION_BAD_NAME},
	{"GET", "/secrets/a+b", OPERATION_BAD_NAME},
	{"GET", "/secrets/restore", OPERATION_AMBIGUOUS},
	{"DELETE", "/secrets/restore", OPERATION_AMBIGUOUS},
	{"GET", "/secrets/Restore", OPERATION_AMBIGUOUS},
	{"GET", "/secrets/x/Versions", OPERATION_AMBIGUOUS},
	{"GET", "/secrets/x/backup", OPERATION_AMBIGUOUS},
	{"GET", "/secrets//versions", OPERATION_AMBIGUOUS},
	{"GET", "/certificates/Issuers", OPERATION_AMBIGUOUS},
	{"GET", "/certificates/CONTACTS", OPERATION_AMBIGUOUS},
	{"DELETE", "/certificates/issuers", OPERATION_AMBIGUOUS},
	{"PATCH", "/certificates/contacts", OPERATION_AMBIGUOUS},
	{"PATCH", "/certificates/x/Policy", OPERATION_AMBIGUOUS},
	{"GET", "/certificates/issuers/policy", OPERATION_AMBIGUOUS},
	{"GET", "/keys/x/create", OPERATION_AMBIGUOUS},
	{"POST", "/keys/x/sign/decrypt", OPERATION_AMBIGUOUS},
	{"POST", "/keys/x/wrapKey", OPERATION_UNKNOWN},
	{"POST", "/keys/x//decrypt", OPERATION_UNKNOWN},
	{"POST", "/keys/x/unwrapkey", OPERATION_UNKNOWN},
	{"GET", "/", OPERATION_UNKNOWN},
	{"GET", "//", OPERATION_UNKNOWN},
	{"GET", "/?a", OPERATION_UNKNOWN},
	{"GET", "/Secrets/x", OPERATION_UNKNOWN},
	{"GET", "/secretsx", OPERATION_UNKNOWN},
	{"GET", "//evil.example/secrets/x", OPERATION_UNKNOWN},
	{"POST", "/secrets/x", OPERATION_UNKNOWN},
	{"PUT", "/secrets", OPERATION_UNKNOWN},
	{"GET", "/secrets/x/y/z", OPERATION_UNKNOWN},
	{"GET", "/secrets/1/2/3/4/5", OPERATION_UNKNOWN},
	{"POST", "/rng", OPERATION_UNKNOWN},
	{"GET", "/healthstatus/x", OPERATION_UNKNOWN},
	{"POST", "/healthstatus", OPERATION_UNKNOWN},
	{"POST", "/secrets/x?X-HTTP-Method=DELETE", OPERATION_TUNNEL},
	{"GET", "/secrets/x?api-version=7.5&x-http-method-override=DELETE", OPERATION_TUNNEL},
	{"GET", "/secrets/x?a=b;X%2DHTTP-REQUEST=DELETE", OPERATION_TUNNEL},
	{"GET", "/secrets/x?_method=DELETE", OPERATION_TUNNEL},
	{"GET", "/secrets/x?X-Method-Override", OPERATION_TUNNEL},
};

static void each_trap_is_refused_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		struct operation operation;
		enum operation_fault fault =
			operation_read(traps[i].method, traps[i].target, false, &operation);

		if (fault != traps[i].fault)
			fail_msg("%s %s: %s, not %s", traps[i].method, traps[i].target,
				 operation_fault_label(fault),
				 operation_fault_label(traps[i].fault));
	}
}

static void a_header_that_tunnels_a_verb_is_refused(void **state)
{
	struct operation operation;

	(void)state;
	assert_int_equal(operation_read("POST", "/secrets/x/backup", true, &operation),
			 OPERATION_TUNNEL);
}

static void names_have_127_characters_at_most(void **state)
{
	struct operation operation;
	char target[256] = "/secrets/";

	(void)state;
	memset(target + 9, 'a', 127);
	assert_int_equal(operation_read("GET", target, false, &operation), OPERATION_NONE);
	assert_int_equal(strlen(operation.object), 127);
	target[9 + 127] = 'a';
	assert_int_equal(operation_read("GET", target, false, &operation), OPERATION_BAD_NAME);
}

static void targets_have_an_end(void **state)
{
	static char target[OPERATION_TARGET_MAX + 2];
	struct operation operation;

	(void)state;
	memset(target, '/', OPERATION_PATH_BYTES);
	assert_int_equal(operation_read("GET", target, false, &operation), OPERATION_TOO_LONG);
	memset(target, 'a', sizeof(target) - 1);
	memcpy(target, "/keys?", 6);
	assert_int_equal(operation_read("GET", target, false, &operation), OPERATION_TOO_LONG);
	target[OPERATION_TARGET_MAX] = '\0';
	assert_int_equal(operation_read("GET", target, false, &operation), OPERATION_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_takes_its_permission),
		cmocka_unit_test(the_table_holds_nothing_else),
		cmocka_unit_test(some_operations_take_any_of_several_permissions),
		cmocka_unit_test(health_takes_no_permission),
		cmocka_unit_test(every_row_is_refused_with_any_other_method),
		cmocka_unit_test(slashes_are_read_as_the_service_reads_them),
		cmocka_unit_test(escapes_are_read_once),
		cmocka_unit_test(the_api_version_is_found_however_it_is_written),
		cmocka_unit_test(each_trap_is_refused_by_its_name),
		cmocka_unit_test(a_header_that_tunnels_a_verb_is_refused),
		cmocka_unit_test(names_have_127_characters_at_most),
		cmocka_unit_test(targets_have_an_end),
	};

	return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}

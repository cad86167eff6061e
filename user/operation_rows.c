/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation of the service and the permission that it takes. Where a word of
 * the service and a name could stand in one place, the word is never taken for a
 * name, whatever the order of the rows.
 */
#include "operation_rows.h"

const char OPERATION_NAME[] = "{name}";

/* The table is read as one, so its words are short. */
#define N OPERATION_NAME
#define PATH(...)                                                                                  \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define ROW(method, path, event, ...)                                                              \
	{                                                                                          \
#method, path, event,                                                              \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct operation_row secrets[] = {
	ROW(GET, PATH(NULL), "SecretList", "secrets/list"),
	ROW(GET, PATH(N, "versions"), "SecretListVersions", "secrets/list"),
	ROW(GET, PATH(N), "SecretGet", "secrets/get"),
	ROW(GET, PATH(N, N), "SecretGet", "secrets/get"),
	ROW(PUT, PATH(N), "SecretSet", "secrets/set"),
	ROW(PATCH, PATH(N), "SecretUpdate", "secrets/set"),
	ROW(PATCH, PATH(N, N), "SecretUpdate", "secrets/set"),
	ROW(DELETE, PATH(N), "SecretDelete", "secrets/delete"),
	ROW(POST, PATH("restore"), "SecretRestore", "secrets/restore"),
	ROW(POST, PATH(N, "backup"), "SecretBackup", "secrets/backup"),
	{.event = NULL},
};

static const struct operation_row deletedsecrets[] = {
	ROW(GET, PATH(NULL), "SecretListDeleted", "secrets/list"),
	ROW(GET, PATH(N), "SecretGetDeleted", "secrets/get"),
	ROW(POST, PATH(N, "recover"), "SecretRecover", "secrets/recover"),
	ROW(DELETE, PATH(N), "SecretPurge", "secrets/purge"),
	{.event = NULL},
};

static const struct operation_row keys[] = {
	ROW(GET, PATH(NULL), "KeyList", "keys/list"),
	ROW(GET, PATH(N, "versions"), "KeyListVersions", "keys/list"),
	ROW(GET, PATH(N, "rotationpolicy"), "KeyRotationPolicyGet", "keys/getrotationpolicy"),
	ROW(GET, PATH(N, "attestation"), "KeyAttestationGet", "keys/get"),
	ROW(GET, PATH(N, N, "attestation"), "KeyAttestationGet", "keys/get"),
	ROW(GET, PATH(N), "KeyGet", "keys/get"),
	ROW(GET, PATH(N, N), "KeyGet", "keys/get"),
	ROW(PUT, PATH(N, "rotationpolicy"), "KeyRotationPolicySet", "keys/setrotationpolicy"),
	ROW(PUT, PATH(N), "KeyImport", "keys/import"),
	ROW(PATCH, PATH(N), "KeyUpdate", "keys/update"),
	ROW(PATCH, PATH(N, N), "KeyUpdate", "keys/update"),
	ROW(DELETE, PATH(N), "KeyDelete", "keys/delete"),
	ROW(POST, PATH("restore"), "KeyRestore", "keys/restore"),
	ROW(POST, PATH(N, "create"), "KeyCreate", "keys/create"),
	ROW(POST, PATH(N, "rotate"), "KeyRotate", "keys/rotate"),
	ROW(POST, PATH(N, "backup"), "KeyBackup", "keys/backup"),
	ROW(POST, PATH(N, "encrypt"), "KeyEncrypt", "keys/encrypt"),
	ROW(POST, PATH(N, N, "encrypt"), "KeyEncrypt", "keys/encrypt"),
	ROW(POST, PATH(N, "sign"), "KeySign", "keys/sign"),
	ROW(POST, PATH(N, N, "sign"), "KeySign", "keys/sign"),
	ROW(POST, PATH(N, "wrapkey"), "KeyWrap", "keys/wrapKey"),
	ROW(POST, PATH(N, N, "wrapkey"), "KeyWrap", "keys/wrapKey"),
	ROW(POST, PATH(N, "release"), "KeyRelease", "keys/release"),
	ROW(POST, PATH(N, N, "release"), "KeyRelease", "keys/release"),
	ROW(POST, PATH(N, "securewrapkey"), "KeySecureWrap", "keys/wrapKey"),
	ROW(POST, PATH(N, N, "securewrapkey"), "KeySecureWrap", "keys/wrapKey"),
	ROW(POST, PATH(N, "secureunwrapkey"), "KeySecureUnwrap", "keys/unwrapKey"),
	ROW(POST, PATH(N, N, "secureunwrapkey"), "KeySecureUnwrap", "keys/unwrapKey"),
	ROW(POST, PATH(N, N, "decrypt"), "KeyDecrypt", "keys/decrypt"),
	ROW(POST, PATH(N, N, "verify"), "KeyVerify", "keys/verify"),
	ROW(POST, PATH(N, N, "unwrapkey"), "KeyUnwrap", "keys/unwrapKey"),
	{.event = NULL},
};

static const struct operation_row deletedkeys[] = {
	ROW(GET, PATH(NULL), "KeyListDeleted", "keys/list"),
	ROW(GET, PATH(N), "KeyGetDeleted", "keys/get"),
	ROW(POST, PATH(N, "recover"), "KeyRecover", "keys/recover"),
	ROW(DELETE, PATH(N), "KeyPurge", "keys/purge"),
	{.event = NULL},
};

static const struct operation_row certificates[] = {
	ROW(GET, PATH(NULL), "CertificateList", "certificates/list"),
	ROW(GET, PATH("contacts"), "CertificateContactsGet", "certificates/managecontacts"),
	ROW(PUT, PATH("contacts"), "CertificateContactsSet", "certificates/managecontacts"),
	ROW(DELETE, PATH("contacts"), "CertificateContactsDelete", "certificates/managecontacts"),
	ROW(GET, PATH("issuers"), "CertificateIssuersList", "certificates/listissuers",
	    "certificates/getissuers", "certificates/manageissuers"),
	ROW(GET, PATH("issuers", N), "CertificateIssuerGet", "certificates/getissuers",
	    "certificates/manageissuers"),
	ROW(PUT, PATH("issuers", N), "CertificateIssuerSet", "certificates/setissuers",
	    "certificates/manageissuers"),
	ROW(PATCH, PATH("issuers", N), "CertificateIssuerUpdate", "certificates/setissuers",
	    "certificates/manageissuers"),
	ROW(DELETE, PATH("issuers", N), "CertificateIssuerDelete", "certificates/deleteissuers",
	    "certificates/manageissuers"),
	ROW(GET, PATH(N, "versions"), "CertificateListVersions", "certificates/list"),
	ROW(GET, PATH(N, "policy"), "CertificatePolicyGet", "certificates/get"),
	ROW(GET, PATH(N, "pending"), "CertificatePendingGet", "certificates/get"),
	ROW(GET, PATH(N), "CertificateGet", "certificates/get"),
	ROW(GET, PATH(N, N), "CertificateGet", "certificates/get"),
	ROW(PATCH, PATH(N, "policy"), "CertificatePolicyUpdate", "certificates/update"),
	ROW(PATCH, PATH(N, "pending"), "CertificatePendingUpdate", "certificates/update"),
	ROW(PATCH, PATH(N), "CertificateUpdate", "certificates/update"),
	ROW(PATCH, PATH(N, N), "CertificateUpdate", "certificates/update"),
	ROW(DELETE, PATH(N, "pending"), "CertificatePendingDelete", "certificates/update"),
	ROW(DELETE, PATH(N), "CertificateDelete", "certificates/delete"),
	ROW(POST, PATH("restore"), "CertificateRestore", "certificates/restore"),
	ROW(POST, PATH(N, "create"), "CertificateCreate", "certificates/create"),
	ROW(POST, PATH(N, "import"), "CertificateImport", "certificates/import"),
	ROW(POST, PATH(N, "backup"), "CertificateBackup", "certificates/backup"),
	ROW(POST, PATH(N, "pending", "merge"), "CertificatePendingMerge", "certificates/create"),
	{.event = NULL},
};

static const struct operation_row deletedcertificates[] = {
	ROW(GET, PATH(NULL), "CertificateListDeleted", "certificates/list"),
	ROW(GET, PATH(N), "CertificateGetDeleted", "certificates/get"),
	ROW(POST, PATH(N, "recover"), "CertificateRecover", "certificates/recover"),
	ROW(DELETE, PATH(N), "CertificatePurge", "certificates/purge"),
	{.event = NULL},
};

static const struct operation_row storage[] = {
	ROW(GET, PATH(NULL), "StorageList", "storage/list"),
	ROW(GET, PATH(N), "StorageGet", "storage/get"),
	ROW(PUT, PATH(N), "StorageSet", "storage/set"),
	ROW(PATCH, PATH(N), "StorageUpdate", "storage/update", "storage/set"),
	ROW(DELETE, PATH(N), "StorageDelete", "storage/delete"),
	ROW(POST, PATH("restore"), "StorageRestore", "storage/restore"),
	ROW(POST, PATH(N, "regeneratekey"), "StorageRegenerateKey", "storage/regeneratekey"),
	ROW(POST, PATH(N, "backup"), "StorageBackup", "storage/backup"),
	ROW(GET, PATH(N, "sas"), "StorageSasList", "storage/listsas"),
	ROW(GET, PATH(N, "sas", N), "StorageSasGet", "storage/getsas"),
	ROW(PUT, PATH(N, "sas", N), "StorageSasSet", "storage/setsas"),
	ROW(PATCH, PATH(N, "sas", N), "StorageSasUpdate", "storage/setsas"),
	ROW(DELETE, PATH(N, "sas", N), "StorageSasDelete", "storage/deletesas"),
	{.event = NULL},
};

static const struct operation_row deletedstorage[] = {
	ROW(GET, PATH(NULL), "StorageListDeleted", "storage/list"),
	ROW(GET, PATH(N), "StorageGetDeleted", "storage/get"),
	ROW(POST, PATH(N, "recover"), "StorageRecover", "storage/recover"),
	ROW(DELETE, PATH(N), "StoragePurge", "storage/purge"),
	ROW(GET, PATH(N, "sas"), "StorageSasListDeleted", "storage/listsas"),
	ROW(GET, PATH(N, "sas", N), "StorageSasGetDeleted", "storage/getsas"),
	ROW(POST, PATH(N, "sas", N, "recover"), "StorageSasRecover", "storage/recover"),
	{.event = NULL},
};

static const struct operation_row healthstatus[] = {
	ROW(GET, PATH(NULL), "HealthStatus", NULL),
	{.event = NULL},
};

const struct operation_collection operation_collections[] = {
	{"secrets", PERMISSION_SECRETS, secrets},
	{"deletedsecrets", PERMISSION_SECRETS, deletedsecrets},
	{"keys", PERMISSION_KEYS, keys},
	{"deletedkeys", PERMISSION_KEYS, deletedkeys},
	{"certificates", PERMISSION_CERTIFICATES, certificates},
	{"deletedcertificates", PERMISSION_CERTIFICATES, deletedcertificates},
	{"storage", PERMISSION_STORAGE, storage},
	{"deletedstorage", PERMISSION_STORAGE, deletedstorage},
	{"healthstatus", PERMISSION_KINDS, healthstatus},
	{.word = NULL},
};

// SPDX-License-Identifier: Apache-2.0
/*
 * Many lines pin what is nginx's default anyway: around an included file somebody may have set
 * another, and `satisfy any` or `gzip on` around the gate would be a hole.
 */
#include "gate_config_text.h"

static const char main_text[] = "user %s;\n"
				"worker_processes auto;\n"
				"worker_rlimit_nofile 16384;\n"
				"pid \"%s/gate.pid\";\n"
				"# Not \"info\": that would write headers, and tokens with them.\n"
				"error_log stderr warn;\n"
				"events {\n"
				"\tworker_connections 4096;\n"
				"}\n"
				"http {\n"
				"# For the longest host name that there can be, and for many.\n"
				"server_names_hash_bucket_size 512;\n"
				"server_names_hash_max_size 65536;\n"
				"access_log off;\n"
				"proxy_temp_path \"%s/gate-answers\";\n";

void gate_text_main(FILE *out, const char *user, const char *folder)
{
	(void)fprintf(out, main_text, user, folder, folder);
}

void gate_text_http(FILE *out)
{
	(void)fputs("\n"
		    "# 1 unless the connection was made for the name that the request is for.\n"
		    "map \"$ssl_server_name:$host\" $vaultwall_misdirected {\n"
		    "\t\"~*^([^:]+):\\1$\" 0;\n"
		    "\tdefault 1;\n"
		    "}\n"
		    "map $remote_addr $vaultwall_source {\n"
		    "\t\"~:\" \"[$remote_addr]:$remote_port\";\n"
		    "\tdefault \"$remote_addr:$remote_port\";\n"
		    "}\n"
		    "map $server_addr $vaultwall_frontend {\n"
		    "\t\"~:\" \"[$server_addr]:$server_port\";\n"
		    "\tdefault \"$server_addr:$server_port\";\n"
		    "}\n"
		    "limit_conn_zone $binary_remote_addr zone=vaultwall_sources:10m;\n",
		    out);
}

/* Its TLS settings count for every handshake until a name is known. */
void gate_text_default(FILE *out)
{
	(void)fputs("\tserver_name _;\n"
		    "\tssl_reject_handshake on;\n"
		    "\tssl_protocols TLSv1.2 TLSv1.3;\n"
		    "\tssl_session_tickets off;\n"
		    "\tlarge_client_header_buffers 4 32k;\n"
		    "\tclient_header_timeout 10s;\n"
		    "\taccess_log off;\n"
		    "\tserver_tokens off;\n"
		    "\treturn 421;\n",
		    out);
}

static const char misdirected[] =
	"{\"error\":{\"code\":\"MisdirectedRequest\",\"message\":\"The request is for another host "
	"than the connection.\",\"innererror\":{\"code\":\"ForbiddenByFirewall\"}}}";

/*
 * A body stays in memory: its buffer is larger than the largest body, by as much as chunks of a
 * reasonable size add; what still does not fit goes to a folder that is no disk.
 */
void gate_text_server(FILE *out)
{
	(void)fputs("\tssl_protocols TLSv1.2 TLSv1.3;\n"
		    "\tssl_session_cache shared:vaultwall:10m;\n"
		    "\tssl_session_tickets off;\n"
		    "\taccess_log off;\n"
		    "\tserver_tokens off;\n"
		    "\tdefault_type \"application/json; charset=utf-8\";\n"
		    "\tgzip off;\n"
		    "\tsatisfy all;\n"
		    "\tmerge_slashes off;\n"
		    "\tunderscores_in_headers off;\n"
		    "\tignore_invalid_headers on;\n"
		    "\tlarge_client_header_buffers 4 32k;\n"
		    "\tlimit_conn vaultwall_sources 256;\n"
		    "\tlimit_conn_status 429;\n"
		    "\tclient_header_timeout 10s;\n"
		    "\tclient_body_timeout 10s;\n"
		    "\tsend_timeout 30s;\n"
		    "\tkeepalive_timeout 75s;\n"
		    "\tkeepalive_requests 10000;\n"
		    "\tclient_max_body_size 512k;\n"
		    "\tclient_body_buffer_size 1m;\n",
		    out);
	(void)fprintf(out,
		      "\tif ($vaultwall_misdirected) {\n"
		      "\t\treturn 421 '%s';\n"
		      "\t}\n",
		      misdirected);
}

void gate_text_ask(FILE *out)
{
	(void)fputs("\t\tauth_request /.vaultwall/authorize;\n"
		    "\t\tauth_request_set $vaultwall_body $upstream_http_x_gate_body;\n"
		    "\t\tauth_request_set $vaultwall_service $upstream_http_x_vaultwall_service;\n"
		    "\t\tauth_request_set $vaultwall_caller $upstream_http_x_vaultwall_caller;\n"
		    "\t\terror_page 401 @vaultwall_401;\n"
		    "\t\terror_page 403 @vaultwall_403;\n"
		    "\t\terror_page 500 = @vaultwall_away;\n"
		    "\t\terror_page 502 504 = @vaultwall_vault_away;\n"
		    "\n",
		    out);
}

/* What a client could pretend to have been told by a proxy, or by us. */
static const char *const stripped_headers[] = {
	"Forwarded",
	"Proxy",
	"True-Client-IP",
	"X-Accel-Redirect",
	"X-Client-IP",
	"X-Cluster-Client-IP",
	"X-Envoy-External-Address",
	"X-Envoy-Original-Path",
	"X-Forwarded-Client-Cert",
	"X-Forwarded-Method",
	"X-Forwarded-Path",
	"X-Forwarded-Prefix",
	"X-Forwarded-Scheme",
	"X-Forwarded-Server",
	"X-Forwarded-Ssl",
	"X-Forwarded-Uri",
	"X-Forwarded-User",
	"X-Gate-Body",
	"X-HTTP-Method",
	"X-HTTP-Method-Override",
	"X-HTTP-Request",
	"X-Method-Override",
	"X-Original-Frontend",
	"X-Original-Host",
	"X-Original-Method",
	"X-Original-Source",
	"X-Original-URI",
	"X-Original-URL",
	"X-Rewrite-URL",
	"X-Vaultwall-Vault",
};

void gate_text_pass(FILE *out)
{
	(void)fputs("\t\tproxy_http_version 1.1;\n"
		    "\t\tproxy_set_header Connection \"\";\n"
		    "\t\tproxy_set_header Host $host;\n"
		    "\t\tproxy_set_header X-Forwarded-For $remote_addr;\n"
		    "\t\tproxy_set_header X-Forwarded-Host $host;\n"
		    "\t\tproxy_set_header X-Forwarded-Port $server_port;\n"
		    "\t\tproxy_set_header X-Forwarded-Proto https;\n"
		    "\t\tproxy_set_header X-Real-IP $remote_addr;\n"
		    "\t\tproxy_set_header X-Vaultwall-Service $vaultwall_service;\n"
		    "\t\tproxy_set_header X-Vaultwall-Caller $vaultwall_caller;\n",
		    out);
	for (size_t i = 0; i < sizeof(stripped_headers) / sizeof(stripped_headers[0]); i++)
		(void)fprintf(out, "\t\tproxy_set_header %s \"\";\n", stripped_headers[i]);
	(void)fputs("\t\tproxy_pass_request_headers on;\n"
		    "\t\tproxy_pass_request_body on;\n"
		    "\t\tproxy_request_buffering on;\n"
		    "\t\tproxy_buffering on;\n"
		    "\t\tproxy_buffer_size 32k;\n"
		    "\t\tproxy_buffers 8 32k;\n"
		    "\t\tproxy_busy_buffers_size 64k;\n"
		    "\t\tproxy_max_temp_file_size 0;\n"
		    "\t\tproxy_cache off;\n"
		    "\t\tproxy_store off;\n"
		    "\t\tproxy_redirect off;\n"
		    "\t\tproxy_intercept_errors off;\n"
		    "\t\tproxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate"
		    " X-Accel-Buffering X-Accel-Charset;\n"
		    "\t\tproxy_connect_timeout 2s;\n"
		    "\t\tproxy_send_timeout 30s;\n"
		    "\t\tproxy_read_timeout 60s;\n"
		    "\t\tproxy_next_upstream error;\n"
		    "\t\tproxy_ssl_protocols TLSv1.2 TLSv1.3;\n"
		    "\t\tproxy_ssl_server_name on;\n"
		    "\t\tproxy_ssl_verify on;\n"
		    "\t\tproxy_ssl_verify_depth 4;\n"
		    "\t\tproxy_ssl_session_reuse on;\n",
		    out);
}

/*
 * None of the client's headers but those that the decision needs. A proxy_set_header here cancels
 * all that a server or http block says, so that the list is complete. An answer is waited for
 * longer than an authoriser that starts waits for rules and keys.
 */
void gate_text_question(FILE *out)
{
	(void)fputs("\t\tinternal;\n"
		    "\t\tproxy_pass http://vaultwall_authorizer/authorize;\n"
		    "\t\tproxy_method GET;\n"
		    "\t\tproxy_http_version 1.1;\n"
		    "\t\tproxy_pass_request_body off;\n"
		    "\t\tproxy_pass_request_headers off;\n"
		    "\t\tproxy_cache off;\n"
		    "\t\tproxy_intercept_errors off;\n"
		    "\t\tproxy_ignore_headers X-Accel-Redirect;\n"
		    "\t\tproxy_buffer_size 16k;\n"
		    "\t\tproxy_buffers 4 16k;\n"
		    "\t\tproxy_busy_buffers_size 32k;\n"
		    "\t\tproxy_max_temp_file_size 0;\n"
		    "\t\tproxy_connect_timeout 1s;\n"
		    "\t\tproxy_send_timeout 1s;\n"
		    "\t\tproxy_read_timeout 5s;\n"
		    "\t\tproxy_next_upstream error;\n"
		    "\t\tproxy_set_header Connection \"\";\n"
		    "\t\tproxy_set_header Content-Length \"\";\n"
		    "\t\tproxy_set_header Host vaultwall;\n"
		    "\t\tproxy_set_header Authorization $http_authorization;\n"
		    "\t\tproxy_set_header User-Agent $http_user_agent;\n"
		    "\t\tproxy_set_header X-Ms-Client-Request-Id $http_x_ms_client_request_id;\n"
		    "\t\tproxy_set_header X-HTTP-Method $http_x_http_method;\n"
		    "\t\tproxy_set_header X-HTTP-Method-Override $http_x_http_method_override;\n"
		    "\t\tproxy_set_header X-HTTP-Request $http_x_http_request;\n"
		    "\t\tproxy_set_header X-Method-Override $http_x_method_override;\n"
		    "\t\tproxy_set_header X-Original-Method $request_method;\n"
		    "\t\tproxy_set_header X-Original-URI $request_uri;\n"
		    "\t\tproxy_set_header X-Original-Host $host;\n"
		    "\t\tproxy_set_header X-Original-Source $vaultwall_source;\n"
		    "\t\tproxy_set_header X-Original-Frontend $vaultwall_frontend;\n",
		    out);
}

void gate_text_answers(FILE *out)
{
	(void)fputs(
		"\n"
		"\tlocation @vaultwall_401 {\n"
		"\t\treturn 401 $vaultwall_body;\n"
		"\t}\n"
		"\tlocation @vaultwall_403 {\n"
		"\t\treturn 403 $vaultwall_body;\n"
		"\t}\n"
		"\tlocation @vaultwall_away {\n"
		"\t\treturn 503 '{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"The gate cannot decide now: its authoriser does not answer.\"}}';\n"
		"\t}\n"
		"\tlocation @vaultwall_vault_away {\n"
		"\t\treturn 502 '{\"error\":{\"code\":\"BadGateway\",\"message\":\"The vault does not answer.\"}}';\n"
		"\t}\n",
		out);
}

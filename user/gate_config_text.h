/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the gate's configuration that are the same for every vault. For gate_config.c only.
 */
#pragma once

#include <stdio.h>

/* The head of an nginx.conf of its own, up to and including the opening of its http block. */
void gate_text_main(FILE *out, const char *user, const char *folder);

void gate_text_http(FILE *out);	    /* once, in the http block */
void gate_text_default(FILE *out);  /* in the server for names that no vault has */
void gate_text_server(FILE *out);   /* in a vault's server */
void gate_text_ask(FILE *out);	    /* in its location: the authoriser is asked first */
void gate_text_pass(FILE *out);	    /* and then the vault */
void gate_text_question(FILE *out); /* in the location that asks */
void gate_text_answers(FILE *out);  /* in its server: what a client is told that may not pass */

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a token is known by once it was verified: SipHash-2-4-128 of Poly1305 of all of it,
 * signature included, each under a random key that is made at the start, is in no other process and
 * never leaves this one; neither do digests. A fifth of what SHA-256 costs, which everybody can
 * compute.
 *
 * A token that was never verified must not have the digest of one that was. Two texts of up to
 * TOKEN_BYTES, chosen by whoever does not know the key, agree in Poly1305 with a chance of at most
 * 2^-93 (8 * 16384/16 / 2^106), and in SipHash behind it with 2^-128; so an attempt hits one of
 * 2^14 tokens with less than 2^-78. That holds for each attempt anew, since all that can be learnt
 * from one is that it failed. Poly1305's key is for one message only where its output is shown: two
 * of them would give the key away. Here it stays, and SipHash, a pseudorandom function, sees to it
 * that not even a digest that came to be known would help to make another text with it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TOKEN_DIGEST_BYTES 16

struct token_digest {
	uint8_t bytes[TOKEN_DIGEST_BYTES];
};

struct token_digester;

/* 0, -ENOMEM, or -EIO: there are no random numbers, or no such functions. */
int token_digester_open(struct token_digester **ret_digester);
void token_digester_free(struct token_digester *digester);

/* 0 or -ENOMEM. */
int token_digest(struct token_digester *digester, const char *text, size_t length,
		 struct token_digest *ret_digest);

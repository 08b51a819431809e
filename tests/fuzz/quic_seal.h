/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the Initial packets (RFC 9001 5) that the tests of QUIC open. */
#pragma once

#include "agent/proto/quic_keys.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SEAL_MORE 64 /* bytes at most that a packet has beside its frames */

static inline size_t seal_header(uint8_t *p, uint32_t number,
				 struct reader dcid, uint32_t packet,
				 size_t sealed)
{
	const struct quic_version *v = quic_version_find(number);
	size_t n = 0, len = dcid.left;

	p[n++] = v && v->traits & QUIC_V2 ? 0xd3 : 0xc3;
	for (unsigned i = 0; i < 4; i++)
		p[n++] = (uint8_t)(number >> (24 - 8 * i));
	p[n++] = (uint8_t)len;
	memcpy(&p[n], reader_take(&dcid, len), len);
	n += len;
	p[n++] = 0; /* source id */
	p[n++] = 0; /* token */
	p[n++] = (uint8_t)(0x40 | (sealed + 4) >> 8);
	p[n++] = (uint8_t)(sealed + 4);
	for (unsigned i = 0; i < 4; i++)
		p[n++] = (uint8_t)(packet >> (24 - 8 * i));
	return n;
}

/* An Initial of the client with these frames; bytes of it, `out` is large
 * enough for the frames and SEAL_MORE.  `of`: the id that the keys are of. */
static inline size_t quic_seal(uint8_t *out, uint32_t number, struct reader of,
			       struct reader dcid, uint32_t packet,
			       struct reader frames)
{
	static EVP_CIPHER_CTX *gcm, *ecb;
	struct quic_keys keys;
	uint8_t nonce[12], mask[16];
	size_t head = seal_header(out, number, dcid, packet, frames.left + 16);
	int n = 0, ok = 1;

	if (!gcm) {
		gcm = EVP_CIPHER_CTX_new();
		ecb = EVP_CIPHER_CTX_new();
	}
	if (!quic_keys_derive(quic_version_find(number), of, &keys))
		abort();
	memcpy(nonce, keys.iv, sizeof(nonce));
	for (unsigned i = 0; i < 4; i++)
		nonce[8 + i] ^= (uint8_t)(packet >> (24 - 8 * i));
	ok &= EVP_EncryptInit_ex(gcm, EVP_aes_128_gcm(), NULL, keys.key, nonce);
	ok &= EVP_EncryptUpdate(gcm, NULL, &n, out, (int)head);
	ok &= EVP_EncryptUpdate(gcm, &out[head], &n, frames.p,
				(int)frames.left);
	ok &= EVP_EncryptFinal_ex(gcm, &out[head + frames.left], &n);
	ok &= EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, 16,
				  &out[head + frames.left]);
	ok &= EVP_EncryptInit_ex(ecb, EVP_aes_128_ecb(), NULL, keys.hp, NULL);
	ok &= EVP_EncryptUpdate(ecb, mask, &n, &out[head], 16);
	if (!ok)
		abort();
	out[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < 4; i++)
		out[head - 4 + i] ^= mask[1 + i];
	return head + frames.left + 16;
}

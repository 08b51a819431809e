/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/digest.h"

#include <openssl/evp.h>
#include <string.h>

void digest_begin(struct digest *d)
{
	*d = (struct digest){.state = EVP_MD_CTX_new()};
	d->failed = !d->state ||
		    EVP_DigestInit_ex(d->state, EVP_sha256(), NULL) != 1;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	if (!d->failed && len)
		d->failed = EVP_DigestUpdate(d->state, data, len) != 1;
}

bool digest_end(struct digest *d, uint64_t *out)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];

	*out = 0;
	if (!d->failed)
		d->failed = EVP_DigestFinal_ex(d->state, bytes, NULL) != 1;
	EVP_MD_CTX_free(d->state);
	d->state = NULL;
	if (!d->failed)
		memcpy(out, bytes, sizeof(*out));
	return !d->failed;
}

bool digest_of(const void *data, size_t len, uint64_t *out)
{
	struct digest d;

	digest_begin(&d);
	digest_add(&d, data, len);
	return digest_end(&d, out);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/quic_keys.h"

#include <openssl/evp.h>
#include <string.h>

#define HASH_LEN   32
#define BLOCK_LEN  64
#define SAMPLE_LEN 16
#define TAG_LEN    16
#define NUMBER_MAX 4

/* What the library is asked for once in a thread: each look-up of an algorithm
 * costs more than its use. */
struct tools {
	EVP_MD *sha256;
	EVP_CIPHER *gcm;
	EVP_MD_CTX *hash;
	EVP_CIPHER_CTX *opens, *masks;
	bool ready;
	uint8_t plain[QUIC_PLAIN_MAX];
};

static _Thread_local struct tools thread_tools;

static struct tools *tools_get(void)
{
	struct tools *t = &thread_tools;
	EVP_CIPHER *ecb;

	if (t->ready)
		return t;
	t->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	t->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	t->hash = EVP_MD_CTX_new();
	t->opens = EVP_CIPHER_CTX_new();
	t->masks = EVP_CIPHER_CTX_new();
	ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	t->ready = t->sha256 && t->gcm && t->hash && t->opens && t->masks &&
		   ecb &&
		   EVP_EncryptInit_ex2(t->masks, ecb, NULL, NULL, NULL) == 1 &&
		   EVP_DecryptInit_ex2(t->opens, t->gcm, NULL, NULL, NULL) == 1;
	EVP_CIPHER_free(ecb);
	if (t->ready)
		return t;
	EVP_MD_free(t->sha256);
	EVP_CIPHER_free(t->gcm);
	EVP_MD_CTX_free(t->hash);
	EVP_CIPHER_CTX_free(t->opens);
	EVP_CIPHER_CTX_free(t->masks);
	return NULL;
}

/* --- keys ---------------------------------------------------------------- */

/* One half of HMAC (RFC 2104): the key, padded, and what is said under it. */
static bool hmac_half(struct tools *t, struct reader key, uint8_t pad,
		      struct reader data, uint8_t out[HASH_LEN])
{
	uint8_t block[BLOCK_LEN];
	struct reader k = key;

	for (size_t i = 0; i < BLOCK_LEN; i++)
		block[i] = (uint8_t)(reader_peek(&k, i) ^ pad);
	return EVP_DigestInit_ex2(t->hash, t->sha256, NULL) == 1 &&
	       EVP_DigestUpdate(t->hash, block, BLOCK_LEN) == 1 &&
	       EVP_DigestUpdate(t->hash, data.p, data.left) == 1 &&
	       EVP_DigestFinal_ex(t->hash, out, NULL) == 1;
}

static bool hmac(struct tools *t, struct reader key, struct reader data,
		 uint8_t out[HASH_LEN])
{
	uint8_t inner[HASH_LEN];

	return hmac_half(t, key, 0x36, data, inner) &&
	       hmac_half(t, key, 0x5c, reader_of(inner, HASH_LEN), out);
}

/* HKDF-Expand-Label (RFC 8446 7.1) of up to one hash. */
static bool expand(struct tools *t, const uint8_t secret[HASH_LEN],
		   const char *label, uint8_t *out, size_t n)
{
	uint8_t info[40] = {0, (uint8_t)n}, hash[HASH_LEN];
	size_t len = strlen(label);

	info[2] = (uint8_t)(len + 6);
	memcpy(&info[3], "tls13 ", 6);
	memcpy(&info[9], label, len);
	/* An empty context, and the number of the first block. */
	info[9 + len] = 0;
	info[10 + len] = 1;
	if (!hmac(t, reader_of(secret, HASH_LEN), reader_of(info, 11 + len),
		  hash))
		return false;
	memcpy(out, hash, n);
	return true;
}

bool quic_keys_derive(const struct quic_version *version, struct reader dcid,
		      struct quic_keys *out)
{
	static const char *const labels[2][3] = {
		{"quic key", "quic iv", "quic hp"},
		{"quicv2 key", "quicv2 iv", "quicv2 hp"}};
	const char *const *label = labels[version->traits & QUIC_V2 ? 1 : 0];
	struct tools *t = tools_get();
	uint8_t initial[HASH_LEN], client[HASH_LEN];

	return t && version->salt &&
	       hmac(t, reader_of(version->salt, QUIC_SALT_LEN), dcid,
		    initial) &&
	       expand(t, initial, "client in", client, HASH_LEN) &&
	       expand(t, client, label[0], out->key, sizeof(out->key)) &&
	       expand(t, client, label[1], out->iv, sizeof(out->iv)) &&
	       expand(t, client, label[2], out->hp, sizeof(out->hp));
}

/* --- packets ------------------------------------------------------------- */

/* RFC 9001 5.4.3. */
static bool mask_of(struct tools *t, const struct quic_keys *keys,
		    const uint8_t *sample, uint8_t mask[SAMPLE_LEN])
{
	int n = 0;

	return EVP_EncryptInit_ex2(t->masks, NULL, keys->hp, NULL, NULL) == 1 &&
	       EVP_EncryptUpdate(t->masks, mask, &n, sample, SAMPLE_LEN) == 1 &&
	       n == SAMPLE_LEN;
}

/* RFC 9000 A.3: the number closest to the one expected. */
static int64_t number_decode(int64_t largest, uint32_t cut, unsigned bytes)
{
	int64_t expected = largest + 1;
	int64_t window = (int64_t)1 << (bytes * 8);
	int64_t near = (expected & ~(window - 1)) | cut;

	if (near <= expected - window / 2 && near < ((int64_t)1 << 62) - window)
		return near + window;
	if (near > expected + window / 2 && near >= window)
		return near - window;
	return near;
}

/* The parts of a packet, once its header is readable. */
struct opened {
	uint8_t first;
	struct reader middle; /* of the header, as it came */
	uint8_t number[NUMBER_MAX];
	unsigned number_len;
	struct reader sealed;
	const uint8_t *tag;
};

static bool unmask(struct tools *t, const struct quic_keys *keys,
		   struct reader packet, size_t number_at, struct opened *o)
{
	struct reader r = packet, sample;
	uint8_t mask[SAMPLE_LEN];
	const uint8_t *p;

	sample = packet;
	reader_skip(&sample, number_at + NUMBER_MAX);
	p = reader_take(&sample, SAMPLE_LEN);
	if (!p || !mask_of(t, keys, p, mask))
		return false;
	o->first = (uint8_t)(reader_u8(&r) ^ (mask[0] & 0x0f));
	o->middle = reader_sub(&r, number_at - 1);
	o->number_len = (o->first & 3) + 1u;
	for (unsigned i = 0; i < o->number_len; i++)
		o->number[i] = (uint8_t)(reader_u8(&r) ^ mask[1 + i]);
	if (r.failed || r.left < TAG_LEN)
		return false;
	o->sealed = reader_sub(&r, r.left - TAG_LEN);
	o->tag = reader_take(&r, TAG_LEN);
	return o->sealed.left <= QUIC_PLAIN_MAX;
}

static bool decrypt(struct tools *t, const struct quic_keys *keys,
		    const struct opened *o, int64_t number)
{
	EVP_CIPHER_CTX *c = t->opens;
	uint8_t nonce[sizeof(keys->iv)], tag[TAG_LEN];
	int n = 0;

	memcpy(nonce, keys->iv, sizeof(nonce));
	memcpy(tag, o->tag, TAG_LEN);
	for (unsigned i = 0; i < 8; i++)
		nonce[sizeof(nonce) - 1 - i] ^= (uint8_t)(number >> (i * 8));
	return EVP_DecryptInit_ex2(c, NULL, keys->key, nonce, NULL) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, &o->first, 1) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, o->middle.p,
				 (int)o->middle.left) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, o->number, (int)o->number_len) ==
		       1 &&
	       EVP_DecryptUpdate(c, t->plain, &n, o->sealed.p,
				 (int)o->sealed.left) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) ==
		       1 &&
	       EVP_DecryptFinal_ex(c, t->plain + n, &n) == 1;
}

bool quic_open(const struct quic_keys *keys, struct reader packet,
	       size_t number_at, int64_t *largest, struct reader *out_frames)
{
	struct tools *t = tools_get();
	struct opened o;
	uint32_t cut = 0;
	int64_t number;

	if (!t || !unmask(t, keys, packet, number_at, &o))
		return false;
	for (unsigned i = 0; i < o.number_len; i++)
		cut = cut << 8 | o.number[i];
	number = number_decode(*largest, cut, o.number_len);
	if (!decrypt(t, keys, &o, number))
		return false;
	if (number > *largest)
		*largest = number;
	*out_frames = reader_of(t->plain, o.sealed.left);
	return true;
}

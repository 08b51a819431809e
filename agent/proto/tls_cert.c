/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server's certificate, as far as TLS 1.2 shows it (RFC 5246 7.4.2, RFC
 * 5280). Names are told, not checked: whoever sent it may have written
 * anything.
 */
#include "agent/limits.h"
#include "agent/proto/tls_server.h"
#include "policy/base/strbuf.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* "C=US, O=Example, CN=www.example.org", in the certificate's order. */
static void tell_name(const X509_NAME *name, enum field field,
		      struct facts *facts)
{
	const unsigned long flags =
		ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN |
		ASN1_STRFLGS_DUMP_DER | XN_FLAG_FN_SN | XN_FLAG_SEP_CPLUS_SPC;
	BIO *out = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	if (out && X509_NAME_print_ex(out, name, 0, flags) >= 0) {
		len = BIO_get_mem_data(out, &text);
		if (text && len > 0)
			facts_add(facts, field, 0, str_mem(text, (size_t)len));
	}
	BIO_free(out);
}

static void add_name(struct strbuf *list, const char *p, size_t n)
{
	/* What stands between names is none of one. */
	if (n == 0 || memchr(p, ',', n))
		return;
	if (list->len > 0)
		strbuf_addz(list, ",");
	strbuf_add(list, str_mem(p, n));
}

static void add_address(struct strbuf *list, const ASN1_OCTET_STRING *ip)
{
	int len = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN];

	if (len != 4 && len != 16)
		return;
	if (inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip),
		      text, sizeof(text)))
		add_name(list, text, strlen(text));
}

static void tell_alternatives(const X509 *cert, struct facts *facts)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct strbuf list;

	strbuf_init(&list, LIMIT_TLS_NAMES);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type == GEN_DNS)
			add_name(&list,
				 (const char *)ASN1_STRING_get0_data(
					 n->d.dNSName),
				 (size_t)ASN1_STRING_length(n->d.dNSName));
		else if (n->type == GEN_IPADD)
			add_address(&list, n->d.iPAddress);
	}
	if (list.len > 0)
		facts_add(facts, FIELD_TLS_SANS, 0,
			  str_mem(strbuf_text(&list), list.len));
	strbuf_done(&list);
	GENERAL_NAMES_free(names);
}

static void tell_digest(const X509 *cert, struct facts *facts)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1];
	unsigned len = 0;

	if (X509_digest(cert, EVP_sha256(), digest, &len) != 1)
		return;
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(&text[2 * (size_t)i], 3, "%02x", digest[i]);
	facts_add(facts, FIELD_TLS_FINGERPRINT, 0,
		  str_mem(text, 2 * (size_t)len));
}

void tls_certificate_tell(struct reader body, struct facts *facts)
{
	struct reader list = reader_sub(&body, reader_u24(&body));
	struct reader der = reader_sub(&list, reader_u24(&list));
	size_t len = der.left;
	const uint8_t *p = reader_take(&der, len);
	X509 *cert;

	if (!p || len == 0 || len > LIMIT_TLS_CERTIFICATE)
		return;
	cert = d2i_X509(NULL, &p, (long)len);
	if (!cert)
		return;
	tell_name(X509_get_subject_name(cert), FIELD_TLS_SUBJECT, facts);
	tell_name(X509_get_issuer_name(cert), FIELD_TLS_ISSUER, facts);
	tell_alternatives(cert, facts);
	tell_digest(cert, facts);
	X509_free(cert);
}

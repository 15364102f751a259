// OpenSSL 3's libssl, and what of it Swift cannot import: macros with arguments, as functions that
// bear this module's name.
#pragma once

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Written records may be cut anywhere, retried from other memory, and idle connections hold none.
static inline void COpenSSL_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
}

static inline int COpenSSL_set_versions(SSL_CTX *context, int least, int most) {
    return SSL_CTX_set_min_proto_version(context, least)
           && SSL_CTX_set_max_proto_version(context, most);
}

static inline void COpenSSL_set_session_cache(SSL_CTX *context, long mode, long size) {
    SSL_CTX_set_session_cache_mode(context, mode);
    SSL_CTX_sess_set_cache_size(context, size);
}

static inline int COpenSSL_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int COpenSSL_set_ticket_callback(
    SSL_CTX *context, int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *,
                                      EVP_MAC_CTX *, int)) {
    return (int)SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

// Readies both for one ticket: AES-256-CBC under the first 32 bytes of the key, HMAC-SHA-256 under
// the other 32 (RFC 5077 §4).
static inline int COpenSSL_key_ticket(
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const unsigned char *key, const unsigned char *iv,
    int encrypts) {
    OSSL_PARAM parameters[3];
    parameters[0]
        = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(key + 32), 32);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, parameters)
           && EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, encrypts);
}

static inline void COpenSSL_set_retry(BIO *bio, int reads) {
    if (reads) BIO_set_retry_read(bio);
    else BIO_set_retry_write(bio);
}

static inline void COpenSSL_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline void COpenSSL_set_descriptor(BIO *bio, int fd) { BIO_set_fd(bio, fd, BIO_NOCLOSE); }

// Whether the kernel seals what is sent, opens what is received.
static inline int COpenSSL_kernel_sends(SSL *ssl) { return BIO_get_ktls_send(SSL_get_wbio(ssl)) > 0; }
static inline int COpenSSL_bio_kernel_sends(BIO *bio) { return BIO_get_ktls_send(bio) > 0; }
static inline int COpenSSL_bio_kernel_receives(BIO *bio) { return BIO_get_ktls_recv(bio) > 0; }

static inline uint64_t COpenSSL_kernel_option(void) {
#ifdef SSL_OP_ENABLE_KTLS
    return SSL_OP_ENABLE_KTLS;
#else
    return 0;
#endif
}

static inline uint64_t COpenSSL_options(void) {
    return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
           | SSL_OP_PRIORITIZE_CHACHA;
}

static inline uint64_t COpenSSL_no_ticket_option(void) { return SSL_OP_NO_TICKET; }

static inline int COpenSSL_error_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int COpenSSL_error_reason(unsigned long code) { return ERR_GET_REASON(code); }
static inline int COpenSSL_is_system_error(unsigned long code) { return ERR_SYSTEM_ERROR(code); }

static inline int COpenSSL_name_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}
static inline const GENERAL_NAME *COpenSSL_name(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}
static inline void COpenSSL_free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

static inline void COpenSSL_set_index(SSL *ssl, int index, void *value) {
    SSL_set_ex_data(ssl, index, value);
}
static inline int COpenSSL_session_index(void) {
    return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}
static inline int COpenSSL_context_index(void) {
    return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

// What holds before a name is chosen. Declared in one place with the type that OpenSSL gives it.
static inline void COpenSSL_set_hello_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_client_hello_cb(context, callback, NULL);
}

static inline int COpenSSL_kernel_receives(SSL *ssl) { return BIO_get_ktls_recv(SSL_get_rbio(ssl)) > 0; }

// A name on one line as RFC 2253 writes it; UTF-8 stays as it is.
static inline unsigned long COpenSSL_name_flags(void) {
    return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
}

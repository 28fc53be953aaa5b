/*
 * Sealing and opening. OpenSSL makes the stream and the keys; it reads CMS only as a whole, so that the outer form of a
 * stream is read here (seal_frame.h), and OpenSSL is given the header with an empty content.
 */
#include "crypto/seal.h"

#include <openssl/cms.h>

#include "base/mem.h"
#include "crypto/key_private.h"
#include "crypto/seal_frame.h"

#define PIECE 16384 /* bytes that are sealed or opened at one time */
#define WEAK_RSA 2048

struct seal {
    struct seal_sink sink;
    bool begun; /* something was put in */
    CMS_ContentInfo *cms;
    BIO *to;  /* seals what is written to it, and passes it on to out */
    BIO *out; /* memory, handed to the sink after each piece; belongs to `to` once that is there */
};

static bool check_to(const struct seal_to *to, struct error *err)
{
    if (to->passphrase.len == 0 && to->certs_len == 0)
        return error_set(err, ERROR_CONFIG, "there is neither a passphrase nor a certificate to seal for");
    if (to->certs_len >= SEAL_RECIPIENTS_MAX)
        return error_set(err, ERROR_CONFIG, "there are more than %d to seal for", SEAL_RECIPIENTS_MAX);
    if (to->passphrase.len != 0 && to->passphrase.len < SEAL_PASSPHRASE_MIN)
        return error_set(err, ERROR_CONFIG, "the passphrase has less than %d characters", SEAL_PASSPHRASE_MIN);
    if (to->passphrase.len > SEAL_PASSPHRASE_MAX)
        return error_set(err, ERROR_CONFIG, "the passphrase has more than %d characters", SEAL_PASSPHRASE_MAX);
    return true;
}

static bool add_passphrase(CMS_ContentInfo *cms, struct view passphrase, struct error *err)
{
    unsigned char *copy = OPENSSL_memdup(passphrase.at, passphrase.len); /* CMS takes it over, and wipes it */

    if (copy != NULL && CMS_add0_recipient_password(cms, SEAL_ROUNDS, NID_id_alg_PWRI_KEK, NID_undef, copy,
                            (ossl_ssize_t)passphrase.len, EVP_aes_256_cbc()) != NULL)
        return true;
    OPENSSL_clear_free(copy, passphrase.len);
    return error_openssl(err, ERROR_INTERNAL, "cannot seal for a passphrase");
}

/* What a key is sealed with: RSA with OAEP (RFC 3560), ECDH with SHA-256 (RFC 5753). */
static bool choose_parameters(CMS_RecipientInfo *info, EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(info);

    if (ctx == NULL)
        return false;
    if (EVP_PKEY_is_a(key, "RSA"))
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1;
    return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1;
}

static bool add_cert(CMS_ContentInfo *cms, const struct cert *cert, struct error *err)
{
    const unsigned char *der = view_bytes(buf_view(&cert->der));
    AUTO(X509_free) X509 *x509 = d2i_X509(NULL, &der, (long)cert->der.len);
    EVP_PKEY *key = x509 == NULL ? NULL : X509_get0_pubkey(x509);
    CMS_RecipientInfo *info;

    if (key == NULL)
        return error_openssl(err, ERROR_CONFIG, "a certificate to seal for cannot be read");
    if (!EVP_PKEY_is_a(key, "RSA") && !EVP_PKEY_is_a(key, "EC"))
        return error_set(err, ERROR_CONFIG, "a certificate to seal for has a key that is neither RSA nor EC");
    if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) < WEAK_RSA)
        return error_set(err, ERROR_CONFIG, "a certificate to seal for has an RSA key of less than %d bits", WEAK_RSA);
    info = CMS_add1_recipient_cert(cms, x509, CMS_KEY_PARAM);
    if (info == NULL || !choose_parameters(info, key))
        return error_openssl(err, ERROR_CONFIG, "cannot seal for a certificate");
    return true;
}

static bool add_all(CMS_ContentInfo *cms, const struct seal_to *to, struct error *err)
{
    TRY(to->passphrase.len == 0 || add_passphrase(cms, to->passphrase, err));
    for (size_t i = 0; i < to->certs_len; i++)
        TRY(add_cert(cms, to->certs[i], err));
    return true;
}

bool seal_new(const struct seal_to *to, struct seal_sink sink, struct seal **out, struct error *err)
{
    AUTO(seal_free) struct seal *seal = NULL;

    TRY(check_to(to, err));
    seal = xcalloc(1, sizeof *seal);
    seal->sink = sink;
    seal->out = BIO_new(BIO_s_mem());
    seal->cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL | CMS_STREAM);
    if (seal->out == NULL || seal->cms == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot begin to seal");
    TRY(add_all(seal->cms, to, err));
    seal->to = BIO_new_CMS(seal->out, seal->cms);
    if (seal->to == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot begin to seal");
    *out = TAKE(seal);
    return true;
}

/* Hands on what has come out. */
static bool drain(struct seal *seal, struct error *err)
{
    char *at = NULL;
    long len = BIO_get_mem_data(seal->out, &at);

    if (len <= 0)
        return true;
    TRY(seal->sink.take(seal->sink.context, (struct view){ at, (size_t)len }, err));
    return BIO_reset(seal->out) == 1 || error_openssl(err, ERROR_INTERNAL, "cannot seal");
}

bool seal_put(struct seal *seal, struct view plain, struct error *err)
{
    seal->begun = seal->begun || plain.len > 0;
    while (plain.len > 0) {
        int len = plain.len < PIECE ? (int)plain.len : PIECE;

        if (BIO_write(seal->to, plain.at, len) != len)
            return error_openssl(err, ERROR_INTERNAL, "cannot seal");
        TRY(drain(seal, err));
        plain = (struct view){ plain.at + len, plain.len - (size_t)len };
    }
    return true;
}

bool seal_end(struct seal *seal, struct error *err)
{
    if (!seal->begun)
        return error_set(err, ERROR_CONFIG, "there is nothing to seal");
    if (BIO_flush(seal->to) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot end what was sealed");
    return drain(seal, err);
}

void seal_free(struct seal *seal)
{
    if (seal == NULL)
        return;
    BIO_free_all(seal->to == NULL ? seal->out : seal->to);
    CMS_ContentInfo_free(seal->cms);
    free(seal);
}

struct unseal {
    struct unseal_by by;
    struct seal_sink sink;
    struct frame frame;
    CMS_ContentInfo *cms;
    BIO *bio;            /* owns ctx */
    EVP_CIPHER_CTX *ctx; /* NULL before the header was read */
    bool failed;         /* for good: nothing more is opened */
    char plain[PIECE];
};

bool seal_is(struct view beginning)
{
    static const char oid[] =
        "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"; /* pkcs7, or below: S/MIME's types (1.9.16.1) */
    static const char smime[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01";
    size_t at = 2;

    if (beginning.len < 16 || beginning.at[0] != DER_SEQUENCE)
        return false;
    if ((beginning.at[1] & 0x80) != 0)
        at += (unsigned char)beginning.at[1] & 0x0fU;
    if (at > beginning.len)
        return false;
    beginning = (struct view){ beginning.at + at, beginning.len - at };
    return view_starts(beginning, oid) || view_starts(beginning, smime);
}

bool unseal_new(const struct unseal_by *by, struct seal_sink sink, struct unseal **out, struct error *err)
{
    struct unseal *unseal;

    if (by->passphrase.len == 0 && by->keys_len == 0)
        return error_set(err, ERROR_CONFIG, "it is sealed, and there is neither a passphrase nor a key to open it");
    unseal = xcalloc(1, sizeof *unseal);
    unseal->by = *by;
    unseal->sink = sink;
    frame_init(&unseal->frame);
    *out = unseal;
    return true;
}

/* PBKDF2 and nothing else, whose cost is known before (RFC 8018 appendix A.2). Adds to *rounds. */
static bool check_derivation(struct view derivation, uint64_t *rounds, struct error *err)
{
    const char *what = "the derivation of a key from the passphrase";
    struct view oid, params, salt, number;
    uint64_t count = 0;

    TRY(der_take(&derivation, DER_OID, &oid, what, err));
    if (!view_equal(oid, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c")))
        return error_set(err, ERROR_CONFIG, "%s is not PBKDF2", what);
    TRY(der_take(&derivation, DER_SEQUENCE, &params, what, err));
    TRY(der_take(&params, DER_OCTET_STRING, &salt, what, err) && der_unsigned(&params, &number, what, err));
    for (size_t i = 0; i < number.len && number.len <= 4; i++)
        count = count << 8 | (unsigned char)number.at[i];
    *rounds += number.len > 4 ? UINT32_MAX : count;
    return *rounds <= SEAL_ROUNDS_MAX ||
           error_set(err, ERROR_CONFIG, "%s takes more than %d rounds", what, SEAL_ROUNDS_MAX);
}

/* PasswordRecipientInfo (RFC 5652 section 6.2.4). */
static bool check_passphrase(struct view info, uint64_t *rounds, struct error *err)
{
    struct view version, derivation;

    TRY(der_unsigned(&info, &version, "a recipient", err));
    TRY(der_take(&info, DER_CONTEXT_CONSTRUCTED(0), &derivation, "a recipient by passphrase", err));
    return check_derivation(derivation, rounds, err);
}

/* What OpenSSL will be told to work through has bounds. */
static bool check_recipients(struct view all, struct error *err)
{
    uint64_t rounds = 0;

    for (size_t count = 0; all.len > 0; count++) {
        struct view info;
        unsigned tag;

        if (count == SEAL_RECIPIENTS_MAX)
            return error_set(err, ERROR_CONFIG, "it is sealed for more than %d", SEAL_RECIPIENTS_MAX);
        TRY(der_any(&all, &tag, &info, "a recipient", err));
        TRY(tag != DER_CONTEXT_CONSTRUCTED(3) || check_passphrase(info, &rounds, err));
    }
    return true;
}

static void put_element(struct buf *out, unsigned tag, struct view content)
{
    buf_put_char(out, (char)tag);
    if (content.len < 0x80) {
        buf_put_char(out, (char)content.len);
    } else {
        buf_put_char(out, (char)0x84);
        for (int shift = 24; shift >= 0; shift -= 8)
            buf_put_char(out, (char)(content.len >> shift & 0xff));
    }
    buf_put(out, content);
}

/* The header as a whole of its own, with an empty content and a MAC of zeros: DER. */
static void put_header(const struct frame *frame, struct buf *out)
{
    static const char auth_enveloped[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
    static const char data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    static const char zeros[FRAME_MAC];
    AUTO(buf_clear) struct buf content = BUF(2 * SEAL_HEADER_MAX + 256), inner = BUF(3 * SEAL_HEADER_MAX);
    AUTO(buf_clear) struct buf outer = BUF(3 * SEAL_HEADER_MAX), tagged = BUF(3 * SEAL_HEADER_MAX);

    put_element(&content, DER_OID, (struct view){ data, sizeof data - 1 });
    put_element(&content, DER_SEQUENCE, buf_view(&frame->algorithm));
    put_element(&content, DER_CONTEXT(0), (struct view){ "", 0 });
    put_element(&inner, DER_INTEGER, (struct view){ zeros, 1 });
    put_element(&inner, DER_SET, buf_view(&frame->recipients));
    put_element(&inner, DER_SEQUENCE, buf_view(&content));
    put_element(&inner, DER_OCTET_STRING, (struct view){ zeros, sizeof zeros });
    put_element(&tagged, DER_SEQUENCE, buf_view(&inner));
    put_element(&outer, DER_OID, (struct view){ auth_enveloped, sizeof auth_enveloped - 1 });
    put_element(&outer, DER_CONTEXT_CONSTRUCTED(0), buf_view(&tagged));
    put_element(out, DER_SEQUENCE, buf_view(&outer));
}

static bool key_fits(CMS_ContentInfo *cms, const struct unseal_by *by)
{
    unsigned char *passphrase = (unsigned char *)(uintptr_t)by->passphrase.at; /* CMS writes nothing into it */

    if (by->passphrase.len > 0 && CMS_decrypt_set1_password(cms, passphrase, (ossl_ssize_t)by->passphrase.len) == 1)
        return true;
    for (size_t i = 0; i < by->keys_len; i++)
        if (CMS_decrypt_set1_pkey(cms, by->keys[i]->pkey, NULL) == 1)
            return true;
    return false;
}

static bool find_key(struct unseal *unseal, struct error *err)
{
    const struct unseal_by *by = &unseal->by;
    bool found;

    /* With that, whether a key fits is told at once: nobody asks us again and again to learn from the answer. */
    if (CMS_decrypt(unseal->cms, NULL, NULL, NULL, NULL, CMS_DEBUG_DECRYPT) != 1)
        return error_openssl(err, ERROR_CONFIG, "the sealed file cannot be opened");
    found = key_fits(unseal->cms, by);
    ERR_clear_error(); /* of those that did not fit */
    if (found)
        return true;
    if (by->keys_len == 0)
        return error_set(err, ERROR_CONFIG, "the sealed file is not opened by this passphrase");
    return error_set(err, ERROR_CONFIG, "the sealed file is not opened by %s",
        by->passphrase.len > 0 ? "this passphrase or any of these keys" : "any of these keys");
}

static bool unlock(struct unseal *unseal, struct error *err)
{
    AUTO(buf_clear) struct buf header = BUF(4 * SEAL_HEADER_MAX);
    const unsigned char *at;

    TRY(check_recipients(buf_view(&unseal->frame.recipients), err));
    put_header(&unseal->frame, &header);
    if (header.failed)
        return error_set(err, ERROR_CONFIG, "the header of the sealed file is too long");
    at = view_bytes(buf_view(&header));
    unseal->cms = d2i_CMS_ContentInfo(NULL, &at, (long)header.len);
    if (unseal->cms == NULL)
        return error_openssl(err, ERROR_CONFIG, "the header of the sealed file cannot be read");
    TRY(find_key(unseal, err));
    unseal->bio = CMS_dataInit(unseal->cms, NULL);
    if (unseal->bio == NULL || BIO_get_cipher_ctx(unseal->bio, &unseal->ctx) != 1 || unseal->ctx == NULL)
        return error_openssl(err, ERROR_CONFIG, "the sealed file cannot be opened");
    if (EVP_CIPHER_CTX_get_mode(unseal->ctx) != EVP_CIPH_GCM_MODE)
        return error_set(err, ERROR_CONFIG, "the sealed file is not sealed with AES-GCM");
    return true;
}

static bool open_bytes(struct unseal *unseal, struct view content, struct error *err)
{
    while (content.len > 0) {
        int len = content.len < PIECE ? (int)content.len : PIECE, plain = 0;

        if (EVP_DecryptUpdate(unseal->ctx, (unsigned char *)unseal->plain, &plain, view_bytes(content), len) != 1)
            return error_openssl(err, ERROR_CONFIG, "the sealed file cannot be opened");
        TRY(unseal->sink.take(unseal->sink.context, (struct view){ unseal->plain, (size_t)plain }, err));
        content = (struct view){ content.at + len, content.len - (size_t)len };
    }
    return true;
}

static bool put_all(struct unseal *unseal, struct view sealed, struct error *err)
{
    while (sealed.len > 0) {
        struct view content;

        TRY(frame_read(&unseal->frame, &sealed, &content, err));
        TRY(unseal->ctx != NULL || unseal->frame.state == FRAME_HEADER || unlock(unseal, err));
        TRY(open_bytes(unseal, content, err));
    }
    return true;
}

static bool has_failed(struct error *err)
{
    return error_set(err, ERROR_CONFIG, "the sealed file was not opened before");
}

bool unseal_put(struct unseal *unseal, struct view sealed, struct error *err)
{
    if (unseal->failed)
        return has_failed(err);
    unseal->failed = !put_all(unseal, sealed, err);
    return !unseal->failed;
}

bool unseal_end(struct unseal *unseal, struct error *err)
{
    unsigned char rest[EVP_MAX_BLOCK_LENGTH];
    int len = 0;

    if (unseal->failed)
        return has_failed(err);
    unseal->failed = true; /* also when this succeeds: it has ended */
    TRY(frame_end(&unseal->frame, err));
    if (EVP_CIPHER_CTX_ctrl(unseal->ctx, EVP_CTRL_AEAD_SET_TAG, FRAME_MAC, unseal->frame.mac.at) == 1 &&
        EVP_DecryptFinal_ex(unseal->ctx, rest, &len) == 1 && len == 0)
        return true;
    ERR_clear_error();
    (void)error_set(err, ERROR_CONFIG, "the sealed file was changed after it was sealed, or damaged");
    return error_next(err, "Use nothing of it: take another copy, or an older backup.");
}

void unseal_free(struct unseal *unseal)
{
    if (unseal == NULL)
        return;
    BIO_free_all(unseal->bio);
    CMS_ContentInfo_free(unseal->cms);
    frame_clear(&unseal->frame);
    wipe(unseal, sizeof *unseal);
    free(unseal);
}

#pragma once
/*
 * Sealing a stream of bytes for people: CMS (RFC 5652) with AES-256-GCM (AuthEnvelopedData, RFC 5083 and RFC 5084), for
 * a passphrase (RFC 5652 section 6.2.4, RFC 3211) or for the holders of certificates, or for both.
 *
 * What comes out is DER (BER with indefinite lengths, as streams need), which `openssl cms -decrypt -inform DER
 * -binary` opens as well, up to the two gigabytes that it can hold; here any size goes through in pieces. Knows nothing
 * of files and of what is sealed.
 */
#include "crypto/cert.h"
#include "crypto/key.h"

#define SEAL_PASSPHRASE_MIN 12   /* bytes: a file that is stolen can be tried against for years */
#define SEAL_PASSPHRASE_MAX 1024 /* bytes */
#define SEAL_RECIPIENTS_MAX 64   /* passphrase and certificates together */
#define SEAL_ROUNDS 600000       /* of PBKDF2 with HMAC-SHA-1, the only one that CMS has by OpenSSL: half a second */
#define SEAL_ROUNDS_MAX 8000000  /* of all passphrases of a file that is opened: some seconds of a processor */
#define SEAL_HEADER_MAX (256 * 1024) /* bytes in front of the content: who may open it */

/* Takes what comes out, in order. False ends the sealing or opening with the sink's error. */
struct seal_sink {
    bool (*take)(void *context, struct view bytes, struct error *err);
    void *context;
};

struct seal_to {            /* whom to seal for: a passphrase, certificates, or both; borrowed during seal_new */
    struct view passphrase; /* empty: none */
    const struct cert *const *certs;
    size_t certs_len;
};

struct seal;

/*
 * Begins. ERROR_CONFIG: nobody to seal for; a passphrase that is too short or too long; a certificate whose key cannot
 * be sealed for (RSA below 2048 bits, Ed25519). Whether a certificate has expired is not asked: what counts is who has
 * its key. *out is the caller's, for seal_free.
 */
MUST_USE bool seal_new(const struct seal_to *to, struct seal_sink sink, struct seal **out, struct error *err);
MUST_USE bool seal_put(struct seal *seal, struct view plain, struct error *err);
/* Nothing that was sealed can be opened before this has succeeded. ERROR_CONFIG when nothing was put in. */
MUST_USE bool seal_end(struct seal *seal, struct error *err);
void seal_free(struct seal *seal); /* NULL is fine */
DEFINE_AUTO(struct seal, seal_free)

struct unseal_by {          /* by what to open: borrowed until unseal_free */
    struct view passphrase; /* empty: none */
    const struct key *const *keys;
    size_t keys_len;
};

struct unseal;

/* Whether a file that begins so is CMS, sealed or not: enough of it is 32 bytes. */
bool seal_is(struct view beginning);

/*
 * Begins to open. What the sink gets is plain, but NOBODY HAS VOUCHED FOR IT before unseal_end has returned true: who
 * sent it can have changed any byte. So the sink may keep it, or look at it as at anything from outside; nothing of it
 * may come into effect, and what was made of it goes when unseal_end fails or was never called.
 */
MUST_USE bool unseal_new(const struct unseal_by *by, struct seal_sink sink, struct unseal **out, struct error *err);
/*
 * The next piece of the sealed file. ERROR_CONFIG: not CMS, or a form that is not opened (without authentication:
 * AES-CBC as older programs make it); nobody of unseal_by may open it: a wrong passphrase or key; ERROR_CANCELED and
 * others: the sink's.
 */
MUST_USE bool unseal_put(struct unseal *unseal, struct view sealed, struct error *err);
/* At the end of the file: ERROR_CONFIG when it was cut short, changed, or has something behind its end. */
MUST_USE bool unseal_end(struct unseal *unseal, struct error *err);
void unseal_free(struct unseal *unseal); /* NULL is fine */
DEFINE_AUTO(struct unseal, unseal_free)

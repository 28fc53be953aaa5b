/*
 * The certificates that are trusted to vouch for a server.
 */
#include "client/trust_store.h"

#include <ctype.h>
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"
#include "net/trust.h"

struct trust_store {
    enum message_trust trust;
    struct buf bundle; /* until it is parsed */
    X509_STORE *store; /* NULL until the first use */
};

struct trust_store *trust_store_new(enum message_trust trust, struct view bundle)
{
    struct trust_store *store = xcalloc(1, sizeof *store);

    store->trust = trust;
    store->bundle = BUF(MESSAGE_MAX_BUNDLE);
    buf_put(&store->bundle, bundle);
    return store;
}

void trust_store_free(struct trust_store *store)
{
    X509_STORE_free(store->store);
    buf_clear(&store->bundle);
    free(store);
}

/* "5ad8a5d6.0": the form in which c_rehash and OpenSSL name a certificate by the hash of its subject. */
static bool is_hash_name(const char *name)
{
    size_t len = 0;

    while (len < 8 && isxdigit((unsigned char)name[len]))
        len++;
    return len == 8 && name[8] == '.' && isdigit((unsigned char)name[9]);
}

static bool has_hashes(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool found = false;

    while (dir != NULL && !found && (entry = readdir(dir)) != NULL)
        found = is_hash_name(entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
    return found;
}

/* The system's own. A directory by hash costs one small file per connection, a bundle some hundred certificates. */
static void add_system(X509_STORE *store)
{
    for (size_t i = 0; trust_system_directories[i] != NULL; i++) {
        X509_LOOKUP *lookup;

        if (!has_hashes(trust_system_directories[i]))
            continue;
        lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
        if (lookup != NULL && X509_LOOKUP_add_dir(lookup, trust_system_directories[i], X509_FILETYPE_PEM) == 1)
            return;
    }
    for (size_t i = 0; trust_system_bundles[i] != NULL; i++)
        if (access(trust_system_bundles[i], R_OK) == 0 && X509_STORE_load_file(store, trust_system_bundles[i]) == 1)
            return;
    /* none at all: the first connection says that nothing is trusted, and what to do */
}

static void add_bundle(X509_STORE *store, const struct buf *bundle)
{
    BIO *bio = BIO_new_mem_buf(bundle->at, (int)bundle->len);
    X509 *cert;

    /* Stops at the first certificate that cannot be read; those before it count, as in other users of such files. */
    while (bio != NULL && (cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL) {
        (void)X509_STORE_add_cert(store, cert);
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error();
}

static bool build(struct trust_store *store)
{
    store->store = X509_STORE_new();
    if (store->store == NULL)
        return false;
    /* a trusted certificate ends the chain even if it is no root: private CAs are often named by their intermediate */
    (void)X509_STORE_set_flags(store->store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    if (store->trust != MESSAGE_TRUST_BUNDLE)
        add_system(store->store);
    if (store->trust != MESSAGE_TRUST_SYSTEM)
        add_bundle(store->store, &store->bundle);
    buf_clear(&store->bundle);
    ERR_clear_error();
    return true;
}

/* Whether a certificate says for which hosts it is (RFC 9525 section 3: the common name does not). */
static bool names_hosts(const X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type = sk_GENERAL_NAME_value(names, i)->type;

        found = found || type == GEN_DNS || type == GEN_IPADD;
    }
    GENERAL_NAMES_free(names);
    return found;
}

/* Called for each certificate of a chain, the server's own last: libcurl would go by the common name next. */
static int refuse_nameless(int good, X509_STORE_CTX *ctx)
{
    if (good == 0 || X509_STORE_CTX_get_error_depth(ctx) > 0 || names_hosts(X509_STORE_CTX_get_current_cert(ctx)))
        return good;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

X509_STORE *trust_store_roots(struct trust_store *store)
{
    return store->store != NULL || build(store) ? store->store : NULL;
}

bool trust_store_use(struct trust_store *store, SSL_CTX *ctx)
{
    if (trust_store_roots(store) == NULL)
        return false;
    SSL_CTX_set1_cert_store(ctx, store->store);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, refuse_nameless);
    return true;
}

#include "account/account_files.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/doc.h"
#include "json/out.h"

#define ACCOUNT_MAX_JSON (64 * 1024) /* RSA of 8192 bits is 7 KiB */

#define KEY_ACCESS ((struct file_access){ .mode = 0400 })

bool account_key_id(const struct key *key, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(ACCOUNT_MAX_JSON);
    AUTO(buf_clear) struct buf md5 = BUF(64);

    TRY(key_public_pem(key, &pem, err));
    TRY(digest_md5(buf_view(&pem), &md5, err));
    buf_put_hex(out, buf_view(&md5));
    return true;
}

/* ---- the key (RFC 7517) ---- */

static const char *const rsa_members[] = { "n", "e", "d", "p", "q", "dp", "dq", "qi", NULL };
static const char *const ec_members[] = { "x", "y", "d", NULL };

static bool read_member(const struct node *object, const char *name, struct jwk *jwk, struct error *err)
{
    const struct node *member = node_member(object, name);
    const char *text = member == NULL ? NULL : node_text(member);
    struct jwk_member *to = &jwk->members[jwk->count];

    if (text == NULL)
        return error_set(err, ERROR_CONFIG, "member '%s' of the key is missing or not a string", name);
    *to = (struct jwk_member){ .name = name, .value = BUF_SECRET(ACCOUNT_MAX_JSON) };
    jwk->count++;
    if (!buf_put_unbase64url(&to->value, view_of(text)))
        return error_set(err, ERROR_CONFIG, "member '%s' of the key is not base64url", name);
    return true;
}

static bool read_key(const struct node *root, struct key **out, struct error *err)
{
    static const char *const curves[] = { "P-256", "P-384", "P-521", NULL };
    static const char *const types[] = { "RSA", "EC", NULL };
    AUTO(jwk_clear) struct jwk jwk = { 0 };
    const char *const *members;
    int type, curve;

    TRY(node_get_choice(root, "kty", types, &type, err));
    jwk.kty = types[type];
    members = type == 0 ? rsa_members : ec_members;
    if (type == 1) {
        TRY(node_get_choice(root, "crv", curves, &curve, err));
        jwk.crv = curves[curve];
    }
    for (size_t i = 0; members[i] != NULL; i++)
        TRY(read_member(root, members[i], &jwk, err));
    return key_from_jwk(&jwk, out, err);
}

static bool put_key(const struct key *key, struct buf *to, struct error *err)
{
    AUTO(jwk_clear) struct jwk jwk = { 0 };
    struct out out = out_to(to);

    TRY(key_to_jwk(key, &jwk, err));
    out_object(&out, NULL);
    for (size_t i = 0; i < jwk.count; i++)
        out_base64url(&out, jwk.members[i].name, buf_view(&jwk.members[i].value));
    if (jwk.crv != NULL)
        out_text(&out, "crv", jwk.crv);
    out_text(&out, "kty", jwk.kty);
    out_end(&out);
    return true;
}

/* ---- the other two ---- */

static void put_registration(const struct stored_account *account, struct buf *to)
{
    struct out out = out_to(to);

    out_object(&out, NULL);
    out_object(&out, "body"); /* Certbot wants it, and nothing in it */
    out_end(&out);
    out_text(&out, "uri", account->url);
    out_end(&out);
}

static void put_meta(const struct stored_account *account, const char *register_to_eff, struct buf *to)
{
    struct out out = out_to(to);

    out_object(&out, NULL);
    out_time(&out, "creation_dt", account->created);
    out_text(&out, "creation_host", account->creation_host);
    if (register_to_eff != NULL)
        out_text(&out, "register_to_eff", register_to_eff);
    out_end(&out);
}

/* ---- files ---- */

static const char *const file_names[] = {
    [ACCOUNT_REGISTRATION] = "regr.json",
    [ACCOUNT_META] = "meta.json",
    [ACCOUNT_KEY] = "private_key.json",
};

bool account_file_parse(
    enum account_file file, struct view text, const char *name, struct stored_account *to, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;

    TRY(doc_read(text, name, &doc, err));
    switch (file) {
    case ACCOUNT_REGISTRATION:
        return node_get_text(doc_root(doc), "uri", &to->url, err);
    case ACCOUNT_META:
        return node_get_time_or_zero(doc_root(doc), "creation_dt", &to->created, err) &&
               node_get_text(doc_root(doc), "creation_host", &to->creation_host, err);
    case ACCOUNT_KEY:
        break;
    }
    return read_key(doc_root(doc), &to->key, err);
}

static bool read_file(const char *dir, enum account_file file, struct stored_account *to, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(ACCOUNT_MAX_JSON);
    AUTO(free) char *path = file_join(dir, file_names[file]);

    TRY(file_read(path, &text, err));
    return account_file_parse(file, buf_view(&text), path, to, err);
}

/* Stands in for a missing meta.json: created at the time of the key's file. Its members are informational. */
static void guess_meta(const char *dir, struct stored_account *account)
{
    AUTO(free) char *path = file_join(dir, file_names[ACCOUNT_KEY]);
    struct stat st;

    account->no_meta = true;
    account->created = stat(path, &st) == 0 ? st.st_mtime : clock_now();
    xreplace(&account->creation_host, "unknown");
}

static bool read_all(const char *dir, struct stored_account *account, struct error *err)
{
    struct error damage = { 0 };

    TRY(read_file(dir, ACCOUNT_KEY, account, err));
    if (!read_file(dir, ACCOUNT_REGISTRATION, account, &damage))
        log_debug("the CA has to be asked for the address of the account: %s", damage.why);
    if (!read_file(dir, ACCOUNT_META, account, &damage)) {
        log_debug("nothing is known of when and where the account was made: %s", damage.why);
        guess_meta(dir, account);
    }
    return true;
}

bool account_files_read_key(const char *dir, struct key **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = xcalloc(1, sizeof *account);

    TRY(read_file(dir, ACCOUNT_KEY, account, err));
    *out = TAKE(account->key);
    return true;
}

bool account_files_read(const char *dir, const char *id, struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = xcalloc(1, sizeof *account);
    AUTO(buf_clear) struct buf found = BUF(64);

    account->id = xstrdup(id);
    account->dir = xstrdup(dir);
    if (!read_all(dir, account, err))
        return error_in(err, "reading the account in %s", dir);
    TRY(account_key_id(account->key, &found, err));
    if (strcmp(buf_text(&found), id) != 0)
        return error_set(err, ERROR_CONFIG, "Account ids mismatch (expected: %s, found %s)", id, buf_text(&found));
    *out = TAKE(account);
    return true;
}

/* Either of file_create and file_replace. */
typedef bool (*writer)(const char *path, struct view content, struct file_access access, struct error *err);

static bool write_one(writer write_file, const char *dir, enum account_file file, const struct buf *text,
    struct file_access access, struct error *err)
{
    AUTO(free) char *path = file_join(dir, file_names[file]);

    if (text->failed)
        return error_set(err, ERROR_INTERNAL, "%s would be larger than %d bytes", path, ACCOUNT_MAX_JSON);
    return write_file(path, buf_view(text), access, err);
}

static bool write_files(writer write_file, const char *dir, const struct stored_account *account,
    const char *register_to_eff, struct error *err)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(ACCOUNT_MAX_JSON);
    AUTO(buf_clear) struct buf registration = BUF(ACCOUNT_MAX_JSON);
    AUTO(buf_clear) struct buf meta = BUF(ACCOUNT_MAX_JSON);

    TRY(put_key(account->key, &key, err));
    put_registration(account, &registration);
    put_meta(account, register_to_eff, &meta);
    TRY(write_one(write_file, dir, ACCOUNT_KEY, &key, KEY_ACCESS, err));
    TRY(write_one(write_file, dir, ACCOUNT_REGISTRATION, &registration, FILE_PUBLIC, err));
    TRY(write_one(write_file, dir, ACCOUNT_META, &meta, FILE_PUBLIC, err));
    return file_sync_dir(dir, err);
}

bool account_files_create_key(const char *dir, const struct key *key, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(ACCOUNT_MAX_JSON);

    TRY(put_key(key, &text, err));
    TRY(write_one(file_create, dir, ACCOUNT_KEY, &text, KEY_ACCESS, err));
    return file_sync_dir(dir, err);
}

bool account_files_mend(const struct stored_account *account, struct error *err)
{
    AUTO(buf_clear) struct buf registration = BUF(ACCOUNT_MAX_JSON);
    AUTO(buf_clear) struct buf meta = BUF(ACCOUNT_MAX_JSON);

    put_registration(account, &registration);
    put_meta(account, NULL, &meta);
    TRY(write_one(file_replace, account->dir, ACCOUNT_REGISTRATION, &registration, FILE_PUBLIC, err));
    if (account->no_meta)
        TRY(write_one(file_replace, account->dir, ACCOUNT_META, &meta, FILE_PUBLIC, err));
    return file_sync_dir(account->dir, err);
}

bool account_files_create(
    const char *dir, const struct stored_account *account, const char *register_to_eff, struct error *err)
{
    return write_files(file_create, dir, account, register_to_eff, err);
}

bool account_files_replace(
    const char *dir, const struct stored_account *account, const char *register_to_eff, struct error *err)
{
    return write_files(file_replace, dir, account, register_to_eff, err);
}

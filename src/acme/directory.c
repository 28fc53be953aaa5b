#include "acme/answer.h"
#include "acme/session.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define TEXT_MAX 1000
#define PROFILES_MAX 64
#define IDENTITIES_MAX 16
#define NAME_MAX_LEN 253

/* Reads text that is only shown to people: it is made printable. */
static char *meta_text(const struct node *meta, const char *name)
{
    const char *text = node_text(node_member(meta, name));

    return text == NULL ? NULL : text_printable_dup(view_of(text), TEXT_MAX, false);
}

static void profile_add(struct directory *out, const char *name, const char *description)
{
    AUTO(free) char *printable = text_printable_dup(view_of(name), TEXT_MAX, false);
    AUTO(free) char *text = text_printable_dup(view_of(description), TEXT_MAX, false);

    list_add(&out->profiles, printable);
    list_add(&out->profile_texts, text);
}

/* Profiles draft section 3: an object of names and descriptions. Some CAs send a list of the names. */
static void profiles_read(const struct node *profiles, struct directory *out)
{
    const struct node *value;
    const char *name;

    for (size_t i = 0; i < PROFILES_MAX && node_each(profiles, i, &name, &value); i++)
        profile_add(out, name, node_text(value));
    for (size_t i = 0; i < PROFILES_MAX && i < node_count(profiles); i++)
        if (node_text(node_at(profiles, i)) != NULL)
            profile_add(out, node_text(node_at(profiles, i)), "");
}

/* Domain names alone: they are compared with records, and suggested for them. */
static void identities_read(const struct node *identities, struct directory *out)
{
    for (size_t i = 0; i < IDENTITIES_MAX && i < node_count(identities); i++) {
        AUTO(free) char *name = xstrdup_or_null(node_text(node_at(identities, i)));

        if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MAX_LEN)
            continue;
        text_lower(name);
        if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.")] == '\0')
            list_add(&out->caa_identities, name);
    }
}

/* Reads "meta" (RFC 8555 section 7.1.1) leniently: its members are informational, or the CA repeats them when they
 * matter. */
static void meta_read(const struct node *meta, struct directory *out)
{
    out->terms_of_service = meta_text(meta, "termsOfService");
    out->website = meta_text(meta, "website");
    out->external_account_required = node_is_true(node_member(meta, "externalAccountRequired"));
    profiles_read(node_member(meta, "profiles"), out);
    identities_read(node_member(meta, "caaIdentities"), out);
}

/* Reads a URL that RFC 8555 section 7.1.1 demands, but not every certificate needs; NULL where it is none. */
static char *url_if_any(const struct node *root, const char *name)
{
    return xstrdup_or_null(node_url(node_member(root, name)));
}

static bool directory_read(struct view body, struct directory *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *root;

    TRY(answer_read(body, "directory", &doc, err));
    root = doc_root(doc);
    TRY(node_get_url(root, "newNonce", &out->new_nonce, err));
    TRY(node_get_url(root, "newAccount", &out->new_account, err));
    TRY(node_get_url(root, "newOrder", &out->new_order, err));
    out->revoke_cert = url_if_any(root, "revokeCert");
    out->key_change = url_if_any(root, "keyChange");
    out->renewal_info = url_if_any(root, "renewalInfo");
    meta_read(node_member(root, "meta"), out);
    return true;
}

bool directory_parse(struct view body, struct directory *out, struct error *err)
{
    AUTO(directory_clear) struct directory directory = { 0 };

    if (!directory_read(body, &directory, err)) {
        (void)error_next(err, "check that --server is the address of a CA's directory, not of its web site");
        return answer_bad(err);
    }
    *out = directory;
    directory = (struct directory){ 0 };
    return true;
}

void directory_clear(struct directory *directory)
{
    free(directory->new_nonce);
    free(directory->new_account);
    free(directory->new_order);
    free(directory->revoke_cert);
    free(directory->key_change);
    free(directory->renewal_info);
    free(directory->terms_of_service);
    free(directory->website);
    list_clear(&directory->caa_identities);
    list_clear(&directory->profiles);
    list_clear(&directory->profile_texts);
    *directory = (struct directory){ 0 };
}

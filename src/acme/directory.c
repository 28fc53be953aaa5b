#include "acme/answer.h"
#include "acme/session.h"
#include "base/mem.h"
#include "base/text.h"

#define TEXT_MAX 1000
#define PROFILES_MAX 64

/* What people will read only: printable, whatever it is. */
static char *meta_text(const struct node *meta, const char *name)
{
    const char *text = node_text(node_member(meta, name));

    return text == NULL ? NULL : text_printable_dup(view_of(text), TEXT_MAX, false);
}

/* Profiles draft section 3: an object of names and descriptions. */
static bool profiles_read(const struct node *meta, struct directory *out, struct error *err)
{
    const struct node *profiles = node_member(meta, "profiles"), *value;
    const char *name;

    if (profiles == NULL)
        return true;
    if (!node_is_object(profiles))
        return error_set(err, ERROR_ACME, "directory: member 'profiles' is not an object");
    for (size_t i = 0; i < PROFILES_MAX && node_each(profiles, i, &name, &value); i++) {
        AUTO(free) char *printable = text_printable_dup(view_of(name), TEXT_MAX, false);
        AUTO(free) char *text = text_printable_dup(view_of(node_text(value)), TEXT_MAX, false);

        list_add(&out->profiles, printable);
        list_add(&out->profile_texts, text);
    }
    return true;
}

static bool meta_read(const struct node *meta, struct directory *out, struct error *err)
{
    if (meta == NULL)
        return true;
    if (!node_is_object(meta))
        return error_set(err, ERROR_ACME, "directory: member 'meta' is not an object");
    out->terms_of_service = meta_text(meta, "termsOfService");
    out->website = meta_text(meta, "website");
    TRY(node_get_texts_or_none(meta, "caaIdentities", &out->caa_identities, err));
    TRY(node_get_bool_or(meta, "externalAccountRequired", false, &out->external_account_required, err));
    return profiles_read(meta, out, err);
}

/* revokeCert and keyChange are demanded by RFC 8555, but a CA without them can still issue. */
static bool directory_read(struct view body, struct directory *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *root;

    TRY(answer_read(body, "directory", &doc, err));
    root = doc_root(doc);
    TRY(node_get_url(root, "newNonce", &out->new_nonce, err));
    TRY(node_get_url(root, "newAccount", &out->new_account, err));
    TRY(node_get_url(root, "newOrder", &out->new_order, err));
    TRY(node_get_url_or_null(root, "newAuthz", &out->new_authz, err));
    TRY(node_get_url_or_null(root, "revokeCert", &out->revoke_cert, err));
    TRY(node_get_url_or_null(root, "keyChange", &out->key_change, err));
    TRY(node_get_url_or_null(root, "renewalInfo", &out->renewal_info, err));
    return meta_read(node_member(root, "meta"), out, err);
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
    free(directory->new_authz);
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

#include "plugin/line_questions.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/plugin_options.h"

static struct out begin(struct buf *to, enum line_request request, int version)
{
    struct out out = out_to(to);

    out_object(&out, NULL);
    out_text(&out, "request", line_request_name(request));
    out_number(&out, "protocol", version);
    return out;
}

static void end(struct out *out)
{
    out_end(out);
    buf_put_char(out->to, '\n'); /* strings have theirs escaped: a question is one line */
}

void line_put_describe(struct buf *to)
{
    struct out out = begin(to, LINE_DESCRIBE, LINE_VERSION_ONE); /* which all plugins understand */

    out_array(&out, "protocols");
    for (int version = LINE_VERSION_ONE; version <= LINE_VERSION_MAX; version++)
        out_number(&out, NULL, version);
    out_end(&out);
    end(&out);
}

static void put_options(
    struct out *out, const struct line_description *about, const char *name, const struct settings *settings)
{
    out_object(out, "options");
    for (size_t i = 0; i < about->option_count; i++) {
        AUTO(free) char *key = plugin_option_key(name, about->options[i].name);
        const char *value = plugin_options_get(&settings->plugin_options, key);

        if (value != NULL)
            out_text(out, about->options[i].name, value);
    }
    out_end(out);
}

static void put_challenge(struct out *out, const char *name, const struct proof *proof)
{
    out_object(out, name);
    out_text(out, "type", proof->type);
    out_text(out, "identifier", proof->identifier);
    out_bool(out, "is_ip", proof->is_ip);
    if (proof->record_name != NULL) {
        out_text(out, "record_name", proof->record_name);
        out_text(out, "record_value", proof->record_value);
    } else {
        out_text(out, "token", proof->token);
        out_text(out, "key_authorization", proof->key_authorization);
    }
    out_number(out, "remaining", (int64_t)proof->remaining);
    if (proof->output != NULL)
        out_text(out, "state", proof->output);
    out_end(out);
}

static void put_version_one(struct out *out, enum line_request request, struct proof *const *proofs, size_t count)
{
    if (request != LINE_WAIT) {
        put_challenge(out, "challenge", proofs[0]);
        return;
    }
    out_array(out, "challenges");
    for (size_t i = 0; i < count; i++)
        put_challenge(out, NULL, proofs[i]);
    out_end(out);
}

static void put_digest(struct out *out, const struct proof *proof)
{
    AUTO(buf_clear) struct buf hex = BUF(2 * sizeof proof->digest + 1);

    buf_put_hex(&hex, (struct view){ (const char *)proof->digest, sizeof proof->digest });
    out_text(out, "digest", buf_text(&hex));
}

/* Writes the members of a proof that its kind has. */
static void put_proof(struct out *out, const struct proof *proof)
{
    if (proof->kind == PROOF_FILE || proof->kind == PROOF_ALPN) {
        out_text(out, "token", proof->token);
        out_text(out, "key_authorization", proof->key_authorization);
    }
    if (proof->kind == PROOF_ALPN)
        put_digest(out, proof);
    if (proof->kind == PROOF_RECORD || proof->kind == PROOF_STANDING) {
        out_text(out, "record_name", proof->record_name);
        out_text(out, "record_value", proof->record_value);
    }
    if (proof->kind == PROOF_STANDING)
        out_texts(out, "issuers", &proof->issuers);
}

static void put_version_two(struct out *out, struct proof *const *proofs, size_t count)
{
    static const char *const kinds[] = { [PROOF_FILE] = "file",
        [PROOF_RECORD] = "record",
        [PROOF_ALPN] = "certificate",
        [PROOF_STANDING] = "standing record" };

    out_array(out, "challenges");
    for (size_t i = 0; i < count; i++) {
        out_object(out, NULL);
        out_text(out, "type", proofs[i]->type);
        out_text(out, "kind", kinds[proofs[i]->kind]);
        out_text(out, "identifier", proofs[i]->identifier);
        out_bool(out, "is_ip", proofs[i]->is_ip);
        out_bool(out, "wildcard", proofs[i]->wildcard);
        put_proof(out, proofs[i]);
        out_text(out, "account_url", proofs[i]->account_url);
        if (proofs[i]->output != NULL)
            out_text(out, "state", proofs[i]->output);
        out_end(out);
    }
    out_end(out);
}

void line_put_challenges(struct buf *to, enum line_request request, const struct line_description *about,
    const char *name, const struct settings *settings, struct proof *const *proofs, size_t count)
{
    struct out out = begin(to, request, about->version);

    put_options(&out, about, name, settings);
    if (about->version == LINE_VERSION_ONE)
        put_version_one(&out, request, proofs, count);
    else
        put_version_two(&out, proofs, count);
    end(&out);
}

void line_put_deploy(struct buf *to, const struct line_description *about, const char *name,
    const struct settings *settings, const char *domain, const struct pair *pair)
{
    struct out out = begin(to, LINE_DEPLOY, about->version);

    put_options(&out, about, name, settings);
    out_text(&out, "domain", domain);
    out_text(&out, "cert_path", pair->cert);
    out_text(&out, "key_path", pair->key);
    out_text(&out, "chain_path", pair->chain);
    out_text(&out, "fullchain_path", pair->fullchain);
    end(&out);
}

void line_put_request(struct buf *to, enum line_request request, const struct line_description *about, const char *name,
    const struct settings *settings)
{
    struct out out = begin(to, request, about->version);

    put_options(&out, about, name, settings);
    end(&out);
}

/* Members that have no value are left out. */
static void put_path(struct out *out, const char *name, const char *path)
{
    if (path != NULL)
        out_text(out, name, path);
}

static void put_deployment(struct out *out, const struct deployment *deployment)
{
    AUTO(list_clear) struct list names = { 0 };

    identifiers_names(deployment->names, &names);
    out_object(out, NULL);
    put_path(out, "lineage", deployment->lineage);
    out_texts(out, "names", &names);
    out_array(out, "certificates");
    for (size_t i = 0; i < deployment->pair_count; i++) {
        out_object(out, NULL);
        put_path(out, "cert_path", deployment->pairs[i].cert);
        put_path(out, "key_path", deployment->pairs[i].key);
        put_path(out, "chain_path", deployment->pairs[i].chain);
        put_path(out, "fullchain_path", deployment->pairs[i].fullchain);
        out_end(out);
    }
    out_end(out);
    out_array(out, "enhancements");
    for (int i = 0; i < ENHANCE_COUNT; i++)
        if (deployment->enhancements & ENHANCEMENT(i))
            out_text(out, NULL, enhancement_name((enum enhancement)i));
    out_end(out);
    out_bool(out, "in_use", deployment->in_use);
    out_end(out);
}

void line_put_install(struct buf *to, const struct line_description *about, const char *name,
    const struct settings *settings, const struct deployment *const *deployments, size_t count)
{
    struct out out = begin(to, LINE_INSTALL, about->version);

    put_options(&out, about, name, settings);
    out_array(&out, "deployments");
    for (size_t i = 0; i < count; i++)
        put_deployment(&out, deployments[i]);
    out_end(&out);
    end(&out);
}

void line_put_rollback(struct buf *to, const struct line_description *about, const char *name,
    const struct settings *settings, int checkpoints)
{
    struct out out = begin(to, LINE_ROLLBACK, about->version);

    put_options(&out, about, name, settings);
    out_number(&out, "checkpoints", checkpoints);
    end(&out);
}

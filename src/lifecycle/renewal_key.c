#include "lifecycle/renewal_key.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/lineage_verify.h"

struct key_params key_params_of(const struct settings *settings)
{
    if (strcmp(settings->key_type, "rsa") == 0)
        return (struct key_params){ .type = KEY_RSA, .bits = (unsigned)settings->rsa_key_size };
    return (struct key_params){ .type = KEY_EC, .curve = settings->elliptic_curve };
}

bool renewal_key_is_reused(const struct settings *settings, const struct lineage *lineage)
{
    return lineage != NULL && settings->reuse_key && !settings->new_key;
}

static bool conflict(const char *option, struct error *err)
{
    return error_set(err, ERROR_CONFIG,
        "Unable to change the %s of this certificate because --reuse-key is set. To stop "
        "reusing the private key, specify --no-reuse-key. To change the private key this one time and then reuse it in "
        "future, add --new-key.",
        option);
}

/* Defaults can conflict like what was said: they are what the certificate would get. But a renewal file of an older
 * Certbot lacks the curve or size of a key that is used again: then the key says it. */
static bool counts(enum origin origin, bool restored)
{
    return !restored || origin != ORIGIN_DEFAULT;
}

static bool check_conflict(const struct settings *settings, const struct key *key, bool restored, struct error *err)
{
    struct key_params wanted = key_params_of(settings);
    const char *curve = key_curve(key);

    if (wanted.type != key_get_type(key))
        return !counts(SETTING_ORIGIN(settings, key_type), restored) || conflict("--key-type", err);
    if (wanted.type == KEY_RSA && wanted.bits != key_bits(key))
        return !counts(SETTING_ORIGIN(settings, rsa_key_size), restored) || conflict("--rsa-key-size", err);
    if (wanted.type == KEY_EC && (curve == NULL || strcmp(wanted.curve, curve) != 0))
        return !counts(SETTING_ORIGIN(settings, elliptic_curve), restored) || conflict("--elliptic-curve", err);
    return true;
}

/* The renewal file says that the key is reused, and this command does not say otherwise: it drops that by leaving it
 * out, but may not do so by accident together with another key. */
static bool is_kept_in_file(const struct settings *settings, const struct lineage *lineage)
{
    const char *kept = lineage == NULL ? NULL : conf_get(lineage->conf, "renewalparams", "reuse_key");

    return kept != NULL && strcasecmp(kept, "true") == 0 && !settings->new_key && !SETTING_IS_SET(settings, reuse_key);
}

static void record(struct answers *answers, const struct key *key)
{
    bool is_rsa = key_get_type(key) == KEY_RSA;

    xreplace(&answers->key_type, is_rsa ? "rsa" : "ecdsa");
    xreplace(&answers->elliptic_curve, is_rsa ? NULL : key_curve(key));
    answers->rsa_key_size = is_rsa ? (int)key_bits(key) : 0;
    answers->key_is_kept = true;
}

bool renewal_key(const struct settings *given, struct answers *answers, const struct lineage *lineage, bool restored,
    struct key **out, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_with(given, answers);
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(key_free) struct key *key = NULL;
    bool reused = renewal_key_is_reused(settings, lineage);

    if (!reused && !is_kept_in_file(settings, lineage))
        return key_generate(key_params_of(settings), out, err);
    TRY(lineage_read_key(lineage, &pem, err));
    TRY(key_from_pem(buf_view(&pem), lineage->current[KIND_PRIVKEY], &key, err));
    TRY(check_conflict(settings, key, restored, err));
    if (!reused)
        return key_generate(key_params_of(settings), out, err);
    record(answers, key);
    *out = TAKE(key);
    return true;
}

bool renewal_key_pem(const struct settings *settings, const struct lineage *lineage, const struct key *key,
    struct buf *out, struct error *err)
{
    if (renewal_key_is_reused(settings, lineage))
        return lineage_read_key(lineage, out, err);
    return key_to_pem(key, out, err);
}

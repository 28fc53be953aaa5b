/*
 * Tests the key that the next certificate gets, and the cases that are refused rather than guessed.
 */
#include "lifecycle/renewal_key.h"

#include "lifecycle/stage_certs.h"

#define CONFLICT(option) "Unable to change the " option " of this certificate because --reuse-key is set"

enum has { NO_LINEAGE, P256, P384, RSA_2048 }; /* what the lineage has */
static const char *const kinds[] = { [P256] = "P-256", [P384] = "P-384", [RSA_2048] = "RSA" };

static const struct row {
    const char *name;
    enum has has;
    const char *options; /* "reuse new type=rsa size=3072 curve=secp384r1", given on the command line */
    bool kept;           /* the renewal file says reuse_key = True */
    bool restored;       /* settings are those of the renewal file */
    const char *want;    /* "same", or the type of a new one; NULL: refused */
    const char *why;
} rows[] = {
    { "a first certificate", NO_LINEAGE, "", false, false, "ecdsa secp256r1", NULL },
    { "a first certificate with a key of a size", NO_LINEAGE, "curve=secp521r1", false, false, "ecdsa secp521r1",
        NULL },
    { "a first certificate has no key to reuse", NO_LINEAGE, "reuse", false, false, "ecdsa secp256r1", NULL },
    { "every renewal has a new key", P256, "", false, false, "ecdsa secp256r1", NULL },
    { "of another curve, when that is asked for", P256, "curve=secp384r1", false, false, "ecdsa secp384r1", NULL },
    { "of another type", P384, "type=rsa", false, false, "rsa 2048", NULL },

    { "--reuse-key", P256, "reuse", false, false, "same", NULL },
    { "--reuse-key --new-key", P256, "reuse new", false, false, "ecdsa secp256r1", NULL },
    { "--reuse-key, and another curve", P256, "reuse curve=secp384r1", false, false, NULL,
        CONFLICT("--elliptic-curve") },
    { "--reuse-key, and another type", P256, "reuse type=rsa", false, false, NULL, CONFLICT("--key-type") },
    { "--reuse-key, and another size", RSA_2048, "reuse type=rsa size=3072", false, false, NULL,
        CONFLICT("--rsa-key-size") },
    { "--reuse-key, and the size that it has", RSA_2048, "reuse type=rsa size=2048", false, false, "same", NULL },
    { "what is not said counts as said", P384, "reuse", false, false, NULL, CONFLICT("--elliptic-curve") },
    { "so does a type", RSA_2048, "reuse", false, false, NULL, CONFLICT("--key-type") },
    { "--new-key is a way out", P256, "reuse new curve=secp384r1", false, false, "ecdsa secp384r1", NULL },

    { "a file that does not name the curve", P384, "reuse", false, true, "same", NULL },
    { "a file that does not name the type", RSA_2048, "reuse", false, true, "same", NULL },
    { "a file that names another one", P384, "reuse curve=secp256r1", false, true, NULL, CONFLICT("--elliptic-curve") },

    { "kept in the file, and not said again", P256, "", true, false, "ecdsa secp256r1", NULL },
    { "kept in the file, and another key asked for", P256, "curve=secp384r1", true, false, NULL,
        CONFLICT("--elliptic-curve") },
    { "kept in the file, and --new-key", P256, "new curve=secp384r1", true, false, "ecdsa secp384r1", NULL },
    { "kept in the file, and --no-reuse-key", P256, "noreuse curve=secp384r1", true, false, "ecdsa secp384r1", NULL },
    { "a size that no key has", P256, "type=rsa size=1024", false, false, NULL, "1024" },
};

static bool is_word(struct view word, const char *text)
{
    return view_equal(word, view_of(text));
}

static void apply(struct settings *settings, const char *options)
{
    struct view rest = view_of(options), word;

    while (rest.len > 0 && view_cut(&rest, ' ', &word)) {
        AUTO(free) char *text = view_dup(word);
        const char *value = strchr(text, '=');

        settings->new_key = settings->new_key || is_word(word, "new");
        if (is_word(word, "reuse") || is_word(word, "noreuse")) {
            settings->reuse_key = is_word(word, "reuse");
            SETTING_MARK(settings, reuse_key, ORIGIN_COMMAND_LINE);
        } else if (text_starts(text, "type=")) {
            xreplace(&settings->key_type, value + 1);
            SETTING_MARK(settings, key_type, ORIGIN_COMMAND_LINE);
        } else if (text_starts(text, "size=")) {
            settings->rsa_key_size = (int)strtol(value + 1, NULL, 10);
            SETTING_MARK(settings, rsa_key_size, ORIGIN_COMMAND_LINE);
        } else if (text_starts(text, "curve=")) {
            xreplace(&settings->elliptic_curve, value + 1);
            SETTING_MARK(settings, elliptic_curve, ORIGIN_COMMAND_LINE);
        }
    }
}

/* "same" when it is the lineage's key, byte for byte where it is written; else what kind it is. Of the caller's. */
static char *what_came(const struct stage *stage, const struct lineage *lineage, const struct key *key)
{
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(free) char *old = lineage == NULL ? NULL : read_text(lineage->current[KIND_PRIVKEY]);
    struct error err = { 0 };

    REQUIRE(renewal_key_pem(stage->settings, lineage, key, &pem, &err), "%s", err.why);
    if (old != NULL && strcmp(old, buf_text(&pem)) == 0)
        return xstrdup("same");
    CHECK(!renewal_key_is_reused(stage->settings, lineage), "it is said to be used again");
    return key_get_type(key) == KEY_RSA ? xprintf("rsa %u", key_bits(key)) : xprintf("ecdsa %s", key_curve(key));
}

/* The settings saved for the next renewal describe the key. */
static void check_settings(const struct settings *settings, const struct key *key, const char *name)
{
    struct key_params params = key_params_of(settings);

    CHECK_INT(params.type, key_get_type(key), name);
    if (params.type == KEY_RSA)
        CHECK_INT(params.bits, key_bits(key), name);
    else
        CHECK_TEXT(params.curve, key_curve(key), name);
}

static void check_row(const struct row *row)
{
    AUTO(stage_clear) struct stage stage = stage_new("certonly", false);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(key_free) struct key *key = NULL;
    AUTO(settings_free) struct settings *saved = NULL;
    AUTO(free) char *came = NULL;
    struct error err = { 0 };

    xreplace(&stage.settings->key_type, "ecdsa");
    xreplace(&stage.settings->elliptic_curve, "secp256r1");
    if (row->has != NO_LINEAGE)
        lineage = add_lineage(&stage, "a.test", &(struct made){ .key = kinds[row->has] });
    if (row->kept)
        conf_set(lineage->conf, "renewalparams", "reuse_key", "True");
    apply(stage.settings, row->options);
    if (!renewal_key(stage.settings, &stage_answers, lineage, row->restored, &key, &err)) {
        CHECK(row->want == NULL && strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
        CHECK(err.kind == ERROR_CONFIG, "%s", row->name);
        return;
    }
    came = what_came(&stage, lineage, key);
    CHECK_TEXT(came, row->want, row->name);
    saved = settings_with(stage.settings, &stage_answers);
    check_settings(saved, key, row->name);
}

TEST(whose_key)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

/* A key that is gone or is none is not made anew in silence where the same one was asked for. */
TEST(a_key_that_cannot_be_read)
{
    static const struct {
        const char *name, *text;
    } keys[] = { { "no file", NULL }, { "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" } };

    for (size_t i = 0; i < COUNT(keys); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("certonly", false);
        AUTO(lineage_free) struct lineage *lineage = add_lineage(&stage, "a.test", &(struct made){ 0 });
        AUTO(key_free) struct key *key = NULL;
        struct error err = { 0 };

        (void)unlink(lineage->current[KIND_PRIVKEY]);
        if (keys[i].text != NULL)
            write_text(lineage->current[KIND_PRIVKEY], keys[i].text);
        CHECK(renewal_key(stage.settings, &stage_answers, lineage, false, &key, &err),
            "%s: a new one needs no old one: %s", keys[i].name, err.why);
        key_free(TAKE(key));
        stage.settings->reuse_key = true;
        CHECK(!renewal_key(stage.settings, &stage_answers, lineage, false, &key, &err) && err.why[0] != '\0', "%s",
            keys[i].name);
    }
}

/* A reused key's file stays the same byte for byte: others compare it or have pinned its digest. */
TEST(a_key_that_is_used_again_keeps_its_bytes)
{
    AUTO(stage_clear) struct stage stage = stage_new("renew", false);
    AUTO(lineage_free) struct lineage *lineage = add_lineage(&stage, "a.test", &(struct made){ 0 });
    AUTO(free) char *plain = read_text(lineage->current[KIND_PRIVKEY]), *own = xprintf("# mine\n%s\n", plain);
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    write_text(lineage->current[KIND_PRIVKEY], own);
    stage.settings->reuse_key = true;
    REQUIRE(renewal_key(stage.settings, &stage_answers, lineage, false, &key, &err), "%s", err.why);
    REQUIRE(renewal_key_pem(stage.settings, lineage, key, &pem, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&pem), own, "the old file's text");
}

TEST_MAIN()

#include "fixture.h"

#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "config/test_verbs.h"
#include "config/option_apply.h"
#include "config/option_find.h"
#include "crypto/csr.h"
#include "plugin/builtin.h"
#include "store/lineage_create.h"

#define SAID_MAX ((size_t)1 << 22)
#define TYPES "http-01 dns-01 tls-alpn-01"

struct presented {
    char *type, *identifier, *token, *value;
    struct presented *next;
};

static struct fixture *playing; /* the one fixture of the test */

static bool has_word(const char *words, const char *word)
{
    AUTO(list_clear) struct list list = fixture_words(words);

    return list_has(&list, word);
}

struct list fixture_words(const char *words)
{
    struct view rest = view_of(words), word;
    struct list list = { 0 };

    while (words != NULL && view_cut(&rest, ' ', &word))
        if (word.len > 0)
            list_add_view(&list, word);
    return list;
}

struct identifiers fixture_identifiers(const char *words)
{
    AUTO(list_clear) struct list list = fixture_words(words);

    return identifiers_typed(&list);
}

/* ---- the authenticator ---- */

static void trace(struct fixture *fixture, const char *what, const char *name)
{
    AUTO(free) char *entry = name == NULL ? xstrdup(what) : xprintf("%s %s", what, name);

    mutex_lock(&fixture->lock);
    list_add(&fixture->plugin_trace, entry);
    mutex_unlock(&fixture->lock);
}

static bool prepare(const struct plugin_context *context __attribute__((unused)), void **self, struct error *err)
{
    trace(playing, "prepare", NULL);
    *self = playing;
    return !playing->plugin.prepare_fails || error_set(err, ERROR_PLUGIN, "the plugin cannot work here");
}

static char *value_of(const struct proof *proof)
{
    AUTO(buf_clear) struct buf hex = BUF(128);

    if (strcmp(proof->type, "http-01") == 0)
        return xstrdup(proof->key_authorization);
    if (proof->record_value != NULL)
        return xstrdup(proof->record_value);
    buf_put_hex(&hex, (struct view){ (const char *)proof->digest, sizeof proof->digest });
    return buf_take(&hex);
}

static void remember(struct fixture *fixture, const struct proof *proof)
{
    struct presented *presented = xcalloc(1, sizeof *presented);

    *presented = (struct presented){ .type = xstrdup(proof->type),
        .identifier = xstrdup(proof->identifier),
        .token = xstrdup(proof->token),
        .value = value_of(proof) };
    mutex_lock(&fixture->lock);
    presented->next = fixture->presented;
    fixture->presented = presented;
    mutex_unlock(&fixture->lock);
}

static bool present_one(void *self, struct proof *proof, struct error *err)
{
    struct fixture *fixture = self;

    trace(fixture, "present", proof->identifier);
    if (has_word(fixture->plugin.present_fails, proof->identifier))
        return error_set(err, ERROR_PLUGIN, "no room for the proof");
    if (!has_word(fixture->plugin.forgets, proof->identifier))
        remember(fixture, proof);
    return true;
}

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_PRESENTED, present_one, err);
}

static bool wait_for_one(void *self, struct proof *proof, struct error *err)
{
    const struct fixture *fixture = self;

    return !has_word(fixture->plugin.never_ready, proof->identifier) ||
           error_set(err, ERROR_PLUGIN, "one name server does not have it");
}

static bool wait_for_all(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    trace(self, "wait", NULL);
    if (((struct fixture *)self)->plugin.wait_fails)
        return error_set(err, ERROR_PLUGIN, "it did not spread");
    return proof_each(self, proofs, count, PROOF_READY, wait_for_one, err);
}

static void presented_free(struct presented *presented)
{
    free(presented->type);
    free(presented->identifier);
    free(presented->token);
    free(presented->value);
    free(presented);
}

static bool clean_up_one(void *self, struct proof *proof, struct error *err)
{
    struct fixture *fixture = self;

    trace(fixture, "cleanup", proof->identifier);
    mutex_lock(&fixture->lock);
    for (struct presented **at = &fixture->presented; *at != NULL;) {
        struct presented *presented = *at;

        if (strcmp(presented->token, proof->token) == 0) {
            *at = presented->next;
            presented_free(presented);
        } else {
            at = &presented->next;
        }
    }
    mutex_unlock(&fixture->lock);
    return !fixture->plugin.cleanup_fails || error_set(err, ERROR_PLUGIN, "it is still there");
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_WANTED, clean_up_one, err);
}

/* Of a run that was cut off, by the fixture that plays now. */
static bool sweep_one(void *self, struct proof *proof, struct error *err)
{
    trace(self, "sweep", proof->identifier);
    return !((struct fixture *)self)->plugin.cleanup_fails || error_set(err, ERROR_PLUGIN, "it is still there");
}

static bool sweep(const struct plugin_context *context __attribute__((unused)), struct proof *const *proofs,
    size_t count, struct error *err)
{
    return proof_each(playing, proofs, count, PROOF_WANTED, sweep_one, err);
}

static void release(void *self)
{
    trace(self, "release", NULL);
}

static char *hint(void *self, const char *type __attribute__((unused)))
{
    return xstrdup_or_null(((struct fixture *)self)->plugin.hint);
}

static const char *types[8];
static const struct authenticator test_authenticator = {
    .types = types,
    .prepare = prepare,
    .present = present,
    .wait = wait_for_all,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = release,
    .hint = hint,
};
static const struct plugin plugin_test = {
    .name = "test",
    .description = "Plays a part",
    .authenticator = &test_authenticator,
};

const struct plugin *fixture_plugin(void)
{
    return &plugin_test;
}

char *fixture_plugin_trace(struct fixture *fixture)
{
    return list_join(&fixture->plugin_trace, ", ");
}

/* The proof that the CA finds. */
static char *look(void *ctx, const char *type, const char *identifier, const char *token)
{
    struct fixture *fixture = ctx;
    char *found = NULL;

    mutex_lock(&fixture->lock);
    for (const struct presented *at = fixture->presented; at != NULL && found == NULL; at = at->next)
        if (strcmp(at->type, type) == 0 && strcmp(at->identifier, identifier) == 0 && strcmp(at->token, token) == 0)
            found = xstrdup(at->value);
    mutex_unlock(&fixture->lock);
    return found;
}

static void use_plugin(struct fixture *fixture, const struct setup *setup)
{
    static const struct plugin *const table[] = { &plugin_manual, &plugin_null, &plugin_standalone, &plugin_test,
        &plugin_webroot, NULL };
    static struct list words; /* the types live as long as a test */

    list_clear(&words);
    words = fixture_words(setup->plugin.types == NULL ? TYPES : setup->plugin.types);
    for (size_t i = 0; i < COUNT(types); i++)
        types[i] = i < words.len && i + 1 < COUNT(types) ? words.at[i] : NULL;
    fixture->plugin = setup->plugin;
    plugins_use(table);
}

/* ---- what is said and answered ---- */

static void keep_said(void *ctx, int fd __attribute__((unused)), struct view text)
{
    struct fixture *fixture = ctx;

    mutex_lock(&fixture->lock);
    buf_put(&fixture->said, text);
    mutex_unlock(&fixture->lock);
    if (fixture->cue == NULL || !fixture_has_said(fixture, fixture->cue))
        return;
    fixture->cue = NULL;
    fixture->on_cue(fixture);
}

static void keep_message(void *ctx, enum log_level level __attribute__((unused)), const char *message)
{
    keep_said(ctx, 2, view_of(message));
    keep_said(ctx, 2, view_of("\n"));
}

bool fixture_has_said(struct fixture *fixture, const char *text)
{
    return strstr(buf_text(&fixture->said), text) != NULL;
}

/* Answers are read from standard input; behind them it ends. */
static void type_answers(struct fixture *fixture, const char *answers)
{
    int ends[2];

    fixture->standard_input = -1;
    if (answers == NULL)
        return;
    if (pipe(ends) != 0 || write(ends[1], answers, strlen(answers)) != (ssize_t)strlen(answers))
        fail_msg("no pipe for answers");
    (void)close(ends[1]);
    fixture->standard_input = dup(STDIN_FILENO);
    if (dup2(ends[0], STDIN_FILENO) < 0)
        fail_msg("no standard input");
    (void)close(ends[0]);
}

/* ---- settings ---- */

void fixture_set(struct settings *settings, const char *text, enum origin from)
{
    AUTO(list_clear) struct list words = fixture_words(text);

    for (size_t i = 0; i < words.len; i++) {
        struct view value = view_of(words.at[i]), name;
        AUTO(free) char *option_name = NULL;
        const struct option *option;
        struct error err = { 0 };

        (void)view_cut(&value, '=', &name);
        option_name = view_dup(name);
        option = option_find(option_name);
        if (option == NULL || !option_apply(settings, option, value.at, from, &err))
            fail_msg("option %s: %s", words.at[i], err.why);
    }
}

static struct settings *settings_for(const struct fixture *fixture, const struct setup *setup)
{
    struct settings *settings = settings_new(setup->as_certbot ? &voice_certbot : &voice_own);

    free(settings->config_dir);
    free(settings->work_dir);
    free(settings->logs_dir);
    settings->config_dir = file_join(fixture->dir, "conf");
    settings->work_dir = file_join(fixture->dir, "work");
    settings->logs_dir = file_join(fixture->dir, "logs");
    fixture_set(settings,
        "agree-tos register-unsafely-without-email authenticator=test server=" CA_DIRECTORY
        " plugin-dir=/nonexistent no-directory-hooks",
        ORIGIN_COMMAND_LINE);
    fixture_set(settings, setup->answers == NULL ? "non-interactive" : "force-interactive", ORIGIN_COMMAND_LINE);
    fixture_set(settings, setup->options, ORIGIN_COMMAND_LINE);
    return settings;
}

/* ---- what a run works with ---- */

static bool transport_of(void *self, struct transport *out, struct error *err __attribute__((unused)))
{
    *out = acme_ca_transport(self);
    return true;
}

static int64_t now_of(void *self)
{
    return acme_ca_now(self);
}

static bool sleep_of(void *self, int64_t ms)
{
    return acme_ca_sleep_ms(self, ms);
}

static void begin_run(struct fixture *fixture)
{
    const struct setup *setup = fixture->setup;
    struct outside outside = { transport_of, now_of, sleep_of, &fixture->ca };
    unsigned needs = STORE_CREATE | STORE_LOCK | (setup->as_certbot ? 0 : STORE_SHARE);
    struct error err = { 0 };

    fixture->settings = settings_for(fixture, setup);
    if (fixture->settings->dry_run)
        needs |= STORE_AS_IT_IS;
    if (!store_open(fixture->settings, needs, &fixture->store, &err))
        fail_msg("store: %s: %s", err.what, err.why);
    fixture->ui = ui_new(&(struct ui_options){ .non_interactive = fixture->settings->non_interactive,
        .force_interactive = fixture->settings->force_interactive,
        .voice = setup->as_certbot ? &voice_certbot : &voice_own,
        .put = keep_said,
        .put_ctx = fixture });
    fixture->context = (struct context){
        .settings = fixture->settings,
        .answers = &fixture->answers,
        .store = fixture->store,
        .ui = fixture->ui,
        .run = run_new(&outside),
        .verb = test_verb(setup->verb == NULL ? "certonly" : setup->verb),
        .voice = setup->as_certbot ? &voice_certbot : &voice_own,
        .arguments = "",
    };
    log_thread_sink(keep_message, fixture);
}

static void end_run(struct fixture *fixture)
{
    log_thread_sink(NULL, NULL);
    run_free(fixture->context.run);
    answers_clear(&fixture->answers);
    ui_free(fixture->ui);
    store_close(fixture->store);
    settings_free(fixture->settings);
}

void fixture_open_in(struct fixture *fixture, const struct setup *setup, const char *dir)
{
    *fixture = (struct fixture){ .setup = setup, .said = BUF(SAID_MAX), .dir = dir };
    mutex_init(&fixture->lock);
    playing = fixture;
    acme_ca_init(&fixture->ca, &setup->ca, setup->now == 0 ? FIXTURE_NOW : setup->now);
    fixture->ca.look = look;
    fixture->ca.look_ctx = fixture;
    use_plugin(fixture, setup);
    type_answers(fixture, setup->answers);
    begin_run(fixture);
}

void fixture_next_run(struct fixture *fixture)
{
    end_run(fixture);
    buf_cut(&fixture->said, 0);
    list_clear(&fixture->plugin_trace);
    acme_ca_forget_requests(&fixture->ca);
    begin_run(fixture);
}

void fixture_close(struct fixture *fixture)
{
    end_run(fixture);
    acme_ca_clear(&fixture->ca);
    while (fixture->presented != NULL) {
        struct presented *presented = fixture->presented;

        fixture->presented = presented->next;
        presented_free(presented);
    }
    list_clear(&fixture->plugin_trace);
    buf_clear(&fixture->said);
    if (fixture->standard_input >= 0) {
        (void)dup2(fixture->standard_input, STDIN_FILENO);
        (void)close(fixture->standard_input);
    }
    mutex_destroy(&fixture->lock);
    playing = NULL;
}

/* ---- lineages ---- */

struct lineage *fixture_lineage(struct fixture *fixture, const char *name, const char *names, int64_t age_s)
{
    AUTO(list_clear) struct list dns = fixture_words(names);
    AUTO(identifiers_clear) struct identifiers identifiers = identifiers_of(&dns, NULL);
    AUTO(buf_clear)
    struct buf csr = BUF(SAID_MAX), cert = BUF(SAID_MAX), chain = BUF(SAID_MAX), key_pem = BUF(SAID_MAX);
    AUTO(buf_clear) struct buf fullchain = BUF(SAID_MAX);
    AUTO(settings_free) struct settings *saved = settings_with(fixture->settings, &fixture->answers);
    AUTO(key_free) struct key *key = NULL;
    int64_t from = acme_ca_now(&fixture->ca) - age_s;
    struct lineage *lineage = NULL;
    struct error err = { 0 };

    if (!key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err) ||
        !csr_make(key, &identifiers, false, &csr, &err) || !key_to_pem(key, &key_pem, &err))
        fail_msg("%s", err.why);
    issuer_sign(
        &(struct certificate_order){ .csr = buf_view(&csr), .from = from, .to = from + 90 * FIXTURE_DAY }, &cert);
    issuer_certificate(false, &chain);
    buf_put(&fullchain, buf_view(&cert));
    buf_put(&fullchain, buf_view(&chain));
    if (!lineage_create(fixture->store, name,
            &(struct issued){ .cert = buf_view(&cert),
                .chain = buf_view(&chain),
                .fullchain = buf_view(&fullchain),
                .privkey = buf_view(&key_pem) },
            saved, &lineage, &err))
        fail_msg("lineage %s: %s: %s", name, err.what, err.why);
    return lineage;
}

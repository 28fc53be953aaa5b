/* What orders wait for, and what is said of it. */
#include "dns/wait.h"

#include "dns/played_names.h"

#define AT "_acme-challenge.example.test"

struct desk {
    struct settings *settings;
    struct buf said;
    struct plugin plugin;
    struct plugin_context context;
    struct proof proof, *all;
};

static void hear(void *ctx, int fd __attribute__((unused)), struct view text)
{
    buf_put(ctx, text);
}

static void desk_open(struct desk *desk, const struct voice *voice)
{
    desk->settings = settings_new(voice);
    desk->said = BUF(4096);
    desk->plugin = (struct plugin){ .name = "dns-rfc2136" };
    desk->context = (struct plugin_context){ .plugin = &desk->plugin,
        .settings = desk->settings,
        .ui = ui_new(&(struct ui_options){ .voice = voice, .put = hear, .put_ctx = &desk->said }) };
    desk->proof = (struct proof){ .state = PROOF_PRESENTED, .record_name = AT, .record_value = "v" };
    desk->all = &desk->proof;
}

static void desk_close(struct desk *desk)
{
    proof_clear(&desk->proof);
    ui_free(desk->context.ui);
    settings_free(desk->settings);
    buf_clear(&desk->said);
}

#define ZONE                                                                                                           \
    { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "a.test", 0 },                                 \
    {                                                                                                                  \
        "-", "a.test", "A", "198.41.0.4", 0                                                                            \
    }

TEST(ways)
{
    static const struct {
        const char *name;
        const struct voice *voice;
        struct played_line lines[8];
        struct dns_options options;
        enum proof_state want;
        int64_t least_ms, most_ms;
        const char *said, *why;
    } cases[] = {
        { "as certbot, never looked", &voice_certbot, { ZONE }, { .wait_s = 0 }, PROOF_READY, 0, 0,
            "Waiting 0 seconds for DNS changes to propagate\n", NULL },
        { "told how long", &voice_own, { ZONE }, { .wait_s = 0, .wait_is_set = true }, PROOF_READY, 0, 0,
            "Waiting 0 seconds for DNS changes to propagate\n", NULL },
        { "there", &voice_own, { ZONE, { "198.41.0.4", AT, "TXT", "v", 0 } }, { .wait_s = 60 }, PROOF_READY, 0, 0,
            "Waiting until the name servers have the records\n", NULL },
        { "late", &voice_own, { ZONE, { "198.41.0.4", AT, "TXT", "v", 50000 } }, { .wait_s = 60 }, PROOF_READY, 50000,
            60000,
            "Waiting until the name servers have the records\nStill waiting for " AT
            ": a.test (198.41.0.4) does not have the record\n",
            NULL },
        { "never", &voice_own, { ZONE }, { .wait_s = 60 }, PROOF_FAILED, 600000, 600000,
            "Waiting until the name servers have the records\nStill waiting for " AT
            ": a.test (198.41.0.4) does not have the record\n",
            "after 600 seconds not every name server has the TXT record " AT
            ": a.test (198.41.0.4) does not have the record" },
        { "nobody can be asked", &voice_own, { ZONE, { "198.41.0.4", NULL, "!", "silent", 0 } }, { .wait_s = 60 },
            PROOF_READY, 60000, 60000,
            "Waiting until the name servers have the records\nWaiting 41 seconds for DNS changes to propagate\n",
            NULL },
        { "nobody can be asked, and no time is left", &voice_own, { ZONE, { "198.41.0.4", NULL, "!", "silent", 0 } },
            { .wait_s = 10 }, PROOF_READY, 15000, 20000, "Waiting until the name servers have the records\n", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines };
        struct asker asker = played_asker(&names);
        struct desk desk = { 0 };
        struct error err = { 0 };

        desk_open(&desk, cases[i].voice);
        REQUIRE(
            dns_wait(&desk.context, &cases[i].options, &asker, &desk.all, 1, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(desk.proof.state, cases[i].want, cases[i].name);
        CHECK(names.now_ms >= cases[i].least_ms && names.now_ms <= cases[i].most_ms, "%s: %d ms", cases[i].name,
            (int)names.now_ms);
        CHECK_TEXT(buf_text(&desk.said), cases[i].said, cases[i].name);
        CHECK_TEXT(desk.proof.error != NULL ? desk.proof.error->why : NULL, cases[i].why, cases[i].name);
        desk_close(&desk);
    }
}

TEST_MAIN()

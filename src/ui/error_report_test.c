#include "ui/scene.h"
#include "ui/ui.h"

#define ADVICE "Ask for help or search for solutions at https://community.letsencrypt.org."
#define LOG "/var/log/letsencrypt/letsencrypt.log"
#define SEE_LOG " See the logfile " LOG " or re-run Certbot with -v for more details."

static const struct report_case {
    const char *name;
    struct ui_options options;
    struct error error;
    const char *log, *want;
} cases[] = {
    { "three parts and the log", { 0 },
        { .kind = ERROR_ACME,
            .what = "could not renew example.org",
            .why = "the CA could not fetch http://example.org/.well-known/acme-challenge/ because the connection was "
                   "refused",
            .next = "let the Internet reach port 80 of this host" },
        LOG,
        "evercert: could not renew example.org\n"
        "  why:   the CA could not fetch\n"
        "         http://example.org/.well-known/acme-challenge/ because the\n"
        "         connection was refused\n"
        "  next:  let the Internet reach port 80 of this host\n"
        "  log:   " LOG "\n" },
    { "only a cause", { 0 }, { .kind = ERROR_CONFIG, .why = "no such name" }, NULL, "evercert: no such name\n" },
    { "a long cause alone", { 0 },
        { .kind = ERROR_CONFIG, .why = "the words of this cause go on beyond the end of the line that there is" }, NULL,
        "evercert: the words of this cause go on beyond the end of the line that\nthere is\n" },
    { "a step without a cause", { 0 }, { .kind = ERROR_INTERNAL, .what = "a: b" }, NULL, "evercert: a: b\n" },
    { "a cause of several lines", { 0 }, { .kind = ERROR_CONFIG, .what = "run", .why = "first\n\nthird" }, NULL,
        "evercert: run\n  why:   first\n\n         third\n" },
    { "usage has no log", { 0 },
        { .kind = ERROR_USAGE, .why = "unknown option --expnad", .next = "did you mean --expand?" }, LOG,
        "evercert: unknown option --expnad\n  next:  did you mean --expand?\n" },
    { "canceled has no log", { 0 }, { .kind = ERROR_CANCELED, .why = "stopped" }, LOG, "evercert: stopped\n" },
    { "errors are heard with --quiet", { .quiet = true }, { .why = "x", .kind = ERROR_HOOK }, NULL, "evercert: x\n" },
    { "certbot: own error", { .voice = &voice_certbot },
        { .kind = ERROR_CONFIG, .what = "step", .why = "No names", .next = "name some" }, LOG,
        "step: No names\n" ADVICE SEE_LOG "\n" },
    { "certbot: a plugin's words alone", { .voice = &voice_certbot },
        { .kind = ERROR_PLUGIN, .what = "step", .why = "Could not bind" }, NULL, "Could not bind\n" ADVICE "\n" },
    { "certbot: a question", { .voice = &voice_certbot },
        { .kind = ERROR_CONFIG, .what = "step", .why = "Missing flag:\nWhich?" }, NULL,
        "Missing flag:\nWhich?\n" ADVICE "\n" },
    { "certbot: no log", { .voice = &voice_certbot }, { .kind = ERROR_PLUGIN, .why = "No" }, NULL, "No\n" ADVICE "\n" },
    { "certbot: quiet", { .voice = &voice_certbot, .quiet = true }, { .kind = ERROR_PLUGIN, .why = "No" }, LOG,
        "No\n" },
    { "certbot: an answer", { .voice = &voice_certbot },
        { .kind = ERROR_CONFIG, .why = "There is an account", .expected = true }, LOG, "There is an account\n" },
    { "certbot: the CA refuses", { .voice = &voice_certbot },
        { .kind = ERROR_ACME, .what = "new order", .why = "Not allowed :: no", .problem = "unauthorized" }, NULL,
        "An unexpected error occurred:\nNot allowed :: no\n" ADVICE "\n" },
    { "certbot: the CA's words alone", { .voice = &voice_certbot },
        { .kind = ERROR_ACME, .why = "what we say: no: never", .problem = "unauthorized", .detail = 13 }, NULL,
        "An unexpected error occurred:\nno: never\n" ADVICE "\n" },
    { "certbot: the file system refuses", { .voice = &voice_certbot },
        { .kind = ERROR_STORE, .what = "save", .why = "cannot write /x: Disk full", .sys = ENOSPC }, NULL,
        "An unexpected error occurred:\nsave: cannot write /x: Disk full\n" ADVICE "\n" },
};

static void report(void *ctx)
{
    const struct report_case *row = ctx;
    AUTO(ui_free) struct ui *ui = ui_new(&row->options);

    ui_error(ui, &row->error, row->log);
}

TEST(error_report)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .terminal = true, .columns = 72 };

        scene_play(&scene, report, (void *)(uintptr_t)&cases[i]);
        CHECK_TEXT(buf_text(&scene.err), cases[i].want, cases[i].name);
        CHECK_TEXT(buf_text(&scene.out), "", cases[i].name);
    }
}

TEST(error_report_on_odd_terminals)
{
    static const struct {
        unsigned short columns;
        size_t longest;
    } widths[] = { { 1, 40 }, { 40, 40 }, { 80, 80 }, { 500, 100 } };
    static struct report_case row = { .error = { .kind = ERROR_CONFIG, .what = "x" } };

    for (size_t i = 0; i < COUNT(widths); i++) {
        AUTO(scene_clear) struct scene scene = { .terminal = true, .columns = widths[i].columns };
        struct view rest, line;
        size_t longest = 0;

        for (size_t at = 0; at + 4 < sizeof row.error.why; at += 4)
            memcpy(row.error.why + at, "abc ", 5);
        scene_play(&scene, report, &row);
        rest = buf_view(&scene.err);
        while (view_cut(&rest, '\n', &line))
            longest = line.len > longest ? line.len : longest;
        CHECK(longest <= widths[i].longest && longest + 4 > widths[i].longest, "%u columns: %zu", widths[i].columns,
            longest);
    }
}

TEST_MAIN()

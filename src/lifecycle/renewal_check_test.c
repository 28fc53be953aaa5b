#include "lifecycle/renewal_check.h"

#include "base/test.h"
#include "base/clock.h"

#define DAY 86400

/* Nobody is asked for what these tests decide: the renewal files name no server. */
TEST(autorenew_is_read_as_everything_else_in_the_file)
{
    static const struct {
        const char *name, *line;
        enum due want;
    } cases[] = {
        { "absent", "", DUE_LIFETIME },
        { "True", "autorenew = True\n", DUE_LIFETIME },
        { "true", "autorenew = true\n", DUE_LIFETIME },
        { "False", "autorenew = False\n", DUE_NOT },
        { "false", "autorenew = false\n", DUE_NOT },
        { "FALSE", "autorenew = FALSE\n", DUE_NOT },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
        AUTO(conf_free) struct conf *conf = NULL;
        AUTO(free) char *text = xprintf("[renewalparams]\n%s", cases[i].line);
        struct cert cert = { .not_before = clock_now() - 80 * DAY, .not_after = clock_now() + 10 * DAY };
        struct lineage lineage = { .name = (char[]){ "a" }, .conf_path = (char[]){ "a.conf" }, .cert = &cert };
        AUTO(world_free) struct world *world = world_new(NULL);
        struct context context = { .settings = settings, .world = world, .voice = &voice_own };
        struct error err = { 0 };
        enum due due;

        REQUIRE(conf_read(view_of(text), "a.conf", &conf, &err), "%s: %s", cases[i].name, err.why);
        lineage.conf = conf;
        CHECK(lineage_due(&context, &lineage, &due, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(due, cases[i].want, cases[i].name);
    }
}

TEST_MAIN()

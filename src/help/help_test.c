#include "base/test.h"

#include "config/topic.h"
#include "help/help.h"

static const enum option_topic renew_topics[] = { TOPIC_RENEW, TOPIC_HIDDEN };
static const struct verb verb_run = { "run", "everything", "Obtain and install", "[options]", "It runs.", renew_topics,
    0, false };
static const struct verb verb_renew = { "renew", NULL, "Renew what's due", "[options]", "It renews.", renew_topics, 0,
    false };
static const struct verb *const verbs[] = { &verb_run, &verb_renew, NULL };

TEST(pages)
{
    static const struct {
        const char *topic, *has, *has_not;
    } cases[] = {
        { NULL, "--help SUBCOMMAND|TOPIC|PLUGIN", "--apache-ctl" },
        { "nonsense", "--help SUBCOMMAND|TOPIC|PLUGIN", "--apache-ctl" },
        { "all", "--apache-ctl PROGRAM", "--no-bootstrap" },
        { "all", "--jobs N", "--register-unsafely" },
        { "renew", "It renews.", "It runs." },
        { "renew", "--deploy-hook COMMAND", "--webroot-map" },
        { "everything", "It runs.", "It renews." },
        { "webroot", "-w DIR, --webroot-path DIR", "--deploy-hook" },
        { "dns-ovh", "--dns-ovh-credentials FILE", "--deploy-hook" },
        { "dns-ovh", "--dns-ovh-propagation-seconds SECONDS", "--dns-rfc2136-credentials" },
        { "dns-rfc2136", "dns_rfc2136_secret", "--dns-ovh-credentials" },
        { "dns", "--dns-ovh-credentials FILE", "--deploy-hook" },
        { "security", "(default: ecdsa)", "--deploy-hook" },
        { "security", "One of rsa, ecdsa.", "--deploy-hook" },
        { "commands", "Renew what's due", "--deploy-hook" },
        { "verbs", "Obtain and install", "--deploy-hook" },
        { "manage", "--cert-path FILE", "--deploy-hook" },
        { "run", "-d DOMAIN, --domains DOMAIN", "--webroot-map" },
        { "run", "-c FILE, --config FILE", "--webroot-map" },
        { "standalone", "--http-01-port PORT", "--webroot-map" },
        { "standalone", "-c FILE, --config FILE", "--webroot-map" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf out = BUF(1 << 20);
        const char *name = cases[i].topic == NULL ? "overview" : cases[i].topic;

        help_write(verbs, &voice_own, cases[i].topic, 1000, &out);
        CHECK(!out.failed && strstr(buf_text(&out), cases[i].has) != NULL, "%s lacks %s", name, cases[i].has);
        CHECK(strstr(buf_text(&out), cases[i].has_not) == NULL, "%s has %s", name, cases[i].has_not);
        CHECK(strstr(buf_text(&out), "evercert") != NULL, "%s: the program's name", name);
    }
}

/* renew has --cert-name of its own and from no topic, --deploy-hook from its topic; no page has anything twice. */
TEST(once_on_a_page)
{
    static const char *const pages[] = { "renew", "run", "all", "automation", "testing" };

    for (size_t i = 0; i < COUNT(pages); i++) {
        AUTO(buf_clear) struct buf out = BUF(1 << 20);
        struct view rest, line;
        size_t count = 0;

        help_write(verbs, &voice_own, pages[i], 80, &out);
        rest = buf_view(&out);
        while (view_cut(&rest, '\n', &line)) {
            const char *next = line.len > 3 && line.at[2] == '-' ? line.at : NULL;

            if (next == NULL)
                continue;
            count++;
            CHECK(memmem(line.at + line.len, rest.len, next, line.len) == NULL, "%s: %.*s", pages[i], (int)line.len,
                line.at);
        }
        CHECK(count > 2, "%s has %zu options", pages[i], count);
    }
}

TEST(pages_there_are)
{
    static const char *const there[] = { "all", "manage", "verbs", "renew", "everything", "dns-ovh", "webroot",
        "paths" };
    static const char *const not_there[] = { "", "nonsense", "Renew", "dns-nowhere", "dns-ovh-credential" };

    for (size_t i = 0; i < COUNT(there); i++)
        CHECK(help_has_page(verbs, there[i]), "%s", there[i]);
    for (size_t i = 0; i < COUNT(not_there); i++)
        CHECK(!help_has_page(verbs, not_there[i]), "%s", not_there[i]);
}

/* Every option that is not hidden is on the page of all, in the manual and in each completion. */
TEST(everything_is_everywhere)
{
    static const char *const shells[] = { "bash", "zsh", "fish" };
    struct buf pages[5];

    for (size_t i = 0; i < COUNT(pages); i++)
        pages[i] = BUF(1 << 20);
    help_write(verbs, &voice_own, "all", 80, &pages[0]);
    help_write_manual_commands(verbs, &pages[1]);
    help_write_manual_options(&pages[1]);
    for (size_t i = 0; i < COUNT(shells); i++)
        CHECK(help_write_completion(verbs, "evercert", shells[i], &pages[2 + i]), "%s", shells[i]);
    for (size_t i = 0; i < COUNT(pages); i++) {
        for (const struct option *option = options; option->names[0] != NULL; option++) {
            AUTO(free) char *name = i == 4 ? xprintf("-l %s", option->names[0]) : xprintf("--%s", option->names[0]);
            const char *at = strstr(buf_text(&pages[i]), name);

            while (at != NULL && strchr(" [*\n,", at[strlen(name)]) == NULL && at[strlen(name)] != '\0')
                at = strstr(at + 1, name);
            CHECK((at != NULL) == (option->topic != TOPIC_HIDDEN), "page %zu, %s", i, name);
        }
        buf_clear(&pages[i]);
    }
}

/* It has what --help has of the subcommand, and nothing of another one. */
TEST(manual_page)
{
    static const struct {
        const char *text;
        bool there;
    } cases[] = {
        { "evercert-renew(1)\n", true },
        { "evercert-renew - Renew what's due\n", true },
        { "*evercert renew* \\[options\\]\n", true },
        { "# DESCRIPTION\n\nIt renews.\n\n# OPTIONS\n\n*-h* ", true },
        { "\n## Renewal and hooks\n", true },
        { "\n*--deploy-hook* _COMMAND_\n\t", true },
        { "*--webroot-map*", false },
        { "It runs.", false },
    };
    AUTO(buf_clear) struct buf out = BUF(1 << 20);

    help_write_manual_page(&verb_renew, &out);
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK((strstr(buf_text(&out), cases[i].text) != NULL) == cases[i].there, "%s", cases[i].text);
}

TEST(unknown_shell)
{
    AUTO(buf_clear) struct buf out = BUF(1 << 20);

    CHECK(!help_write_completion(verbs, "evercert", "tcsh", &out) && out.len == 0, "tcsh");
}

TEST(width)
{
    for (unsigned columns = 0; columns <= 120; columns += 40) {
        AUTO(buf_clear) struct buf out = BUF(1 << 20);
        struct view rest, line;
        size_t widest = 0, want = columns < 40 ? 40 : columns > 100 ? 100 : columns;

        help_write(verbs, &voice_own, "renew", columns, &out);
        rest = buf_view(&out);
        while (view_cut(&rest, '\n', &line)) {
            if (line.len > 0 && line.at[0] == ' ' && line.at[2] == ' ' && line.len > widest)
                widest = line.len; /* lines of help, not those of names */
        }
        CHECK(widest > 0 && widest <= want, "%zu of %u columns", widest, columns);
    }
}

/* A page that shows a topic without a row would run past the end of the table. */
TEST(every_topic_has_a_row)
{
    for (int which = 0; which < TOPIC_HIDDEN; which++) {
        const struct topic *topic = topics;

        while (topic->topic != TOPIC_HIDDEN && (int)topic->topic != which)
            topic++;
        CHECK((int)topic->topic == which && topic->title != NULL && topic->text != NULL, "topic %d", which);
    }
}

TEST_MAIN()

/*
 * Tests deliveries over runs that are killed, that fail, and that come later. Each row is a story told in letters: what
 * they mean stands at play.
 */
#include "lifecycle/deliver.h"

#include "config/renewal_params.h"
#include "lifecycle/stage_certs.h"
#include "run/reloads.h"
#include "store/delivery.h"

#define NAME "a.test"

struct story {
    struct stage stage;
    struct lineage *lineage;
    struct reloads *reloads;
    struct issued issued; /* what is to go live next */
    char *failed;         /* what the last call that failed has said */
};

static void set(struct settings *settings, char **member, size_t offset, char *value)
{
    free(*member);
    *member = value;
    settings_mark(settings, offset, ORIGIN_COMMAND_LINE);
}

#define SET(in, member, value) set((in), &(in)->member, offsetof(struct settings, member), (value))

static void use_hook(struct settings *settings, const char *what, int status)
{
    AUTO(free) char *line = note(what);

    SET(settings, deploy_hook, xprintf("%s; exit %d", line, status));
}

/* h: a hook that runs well, b: one that fails, s: an installer, z: one whose server does not reload. */
static void follow(struct settings *settings, const char *what)
{
    if (strchr(what, 'h') != NULL)
        use_hook(settings, "hook $RENEWED_DOMAINS", 0);
    if (strchr(what, 'b') != NULL)
        use_hook(settings, "bad", 3);
    if (strchr(what, 's') != NULL)
        SET(settings, installer, xstrdup("web"));
    if (strchr(what, 'z') != NULL)
        SET(settings, installer, xstrdup("asleep"));
}

/* The program is called again, with no settings of its own. */
static void call_again(struct story *story)
{
    struct settings *settings = settings_here();

    free(settings->plugin_dir);
    settings->plugin_dir = test_path("plugins");
    settings->voice = story->stage.settings->voice;
    settings_free(story->stage.settings);
    story->stage.context.settings = story->stage.settings = settings;
    story->stage.context.reloads = NULL;
    reloads_free(story->reloads);
    story->reloads = reloads_new();
}

static void restore(struct story *story)
{
    struct error err = { 0 };

    REQUIRE(renewal_params_restore(story->lineage->conf, "conf", story->stage.settings, &err), "%s", err.why);
}

static void note_failed(struct story *story, bool ok, const struct error *err)
{
    if (!ok)
        xreplace(&story->failed, err->why);
}

static void expect(struct story *story)
{
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    story->issued = issue(&(struct made){ .serial = "0b" });
    REQUIRE(cert_from_pem(story->issued.cert, "next", &cert, &err), "%s", err.why);
    deliver_expect(&story->stage.context, story->lineage, NAME, cert);
}

static void told(void *arg, size_t index, const struct error *failure)
{
    note_failed(arg, failure == NULL, failure);
    CHECK_INT(index, 0, "whose reload");
}

static void outstanding(struct story *story, bool backs_off)
{
    struct error err = { 0 };
    bool delivered;

    note_failed(story, deliver_outstanding(&story->stage.context, story->lineage, backs_off, &delivered, &err), &err);
    CHECK(delivered == !delivery_is_recorded(story->stage.store, NAME), "what is not delivered is recorded");
}

static void play(struct story *story, char letter)
{
    AUTO(identifiers_clear) struct identifiers names = cert_identifiers(story->lineage->cert);
    struct context *context = &story->stage.context;
    struct error err = { 0 };

    switch (letter) {
    case 'e': /* a certificate was issued, and is to go live */
        expect(story);
        break;
    case 'l':
        add_issued(&story->stage, story->lineage, &story->issued);
        break;
    case 'h':
        note_failed(story, deliver_hooks(context, story->lineage, &names, &err), &err);
        break;
    case 'r': /* in a run over many lineages it is put off to E */
        note_failed(story, deliver_reload(context, story->lineage, &names, &err), &err);
        break;
    case 'M':
        context->reloads = story->reloads;
        break;
    case 'E':
        deliver_reloads(context, story->reloads, told, story);
        break;
    case 'i':
        deliver_installed(context, NAME);
        break;
    case 'n': /* the run ends here, killed or not, and another one begins */
        call_again(story);
        break;
    case 'p': /* as renew has them when it obtains the next one */
        restore(story);
        break;
    case 'o':
    case 'O':
        outstanding(story, letter == 'o');
        break;
    case 'w':
        (void)deliver_sweep(context);
        break;
    case 'm': /* somebody mends the hook ... */
        use_hook(story->stage.settings, "mended", 0);
        break;
    case 'x': /* ... or takes it away, or adds one */
        SET(story->stage.settings, deploy_hook, xstrdup(""));
        break;
    case 'a': {
        AUTO(free) char *added = note("added");

        add_file("deploy", "added", added);
        break;
    }
    case 'u':
        add_installer("asleep", ANSWER_YES);
        break;
    case 'y':
        story->stage.settings->dry_run = true;
        break;
    case 'Y': /* ... with --run-deploy-hooks */
        story->stage.settings->dry_run = story->stage.settings->run_deploy_hooks = true;
        break;
    case 't': /* a full disk, a curious editor */
        write_text(at("deliveries/%s.txt", NAME), "certificate");
        break;
    case 'd':
        (void)unlink(at("renewal/%s.conf", NAME));
        break;
    default:
        fail_msg("%c", letter);
    }
}

static const struct {
    const char *name;
    bool as_certbot;
    const char *follows, *letters, *ran;
    bool recorded; /* something is left to do */
    const char *failed, *said;
} rows[] = {
    { "all goes well", false, "hs", "elhr", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "nothing is to follow", false, "", "elhr", "", false, NULL, "" },
    { "it is recorded before anything is done", false, "h", "e", "", true, NULL, "" },
    { "an installer alone is recorded, too", false, "s", "e", "", true, NULL, "" },
    { "a dry run records nothing", false, "hs", "ye", "", false, NULL, "" },
    { "a dry run runs nothing", false, "hs", "yelh", "", false, NULL, "" },
    { "a dry run that runs hooks delivers nothing", false, "hs", "elnpYhno", "hook a.test\nhook a.test\nweb reloads\n",
        false, NULL, "" },

    { "killed before it was live", false, "hs", "eno", "", false, NULL, "" },
    { "killed once it was live", false, "hs", "elno", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "killed between hook and reload", false, "hs", "elhno", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "made up for once", false, "hs", "elnonono", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "killed before the next one was live", false, "hs", "elnpeno", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "the next one's going live is enough", false, "hs", "elnpelhr", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "killed three times", false, "hs", "elnpenpeno", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "a certificate to which nothing is to follow", false, "h", "elne", "", false, NULL, "is dropped" },
    { "a record that says nothing", false, "hs", "elhtno", "hook a.test\nhook a.test\nweb reloads\n", false, NULL,
        "is done again" },

    { "put off to the end of the run", false, "hs", "elMhrE", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "put off, and killed before", false, "hs", "elMhrno", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "put off, and nothing else is left", false, "s", "elMrE", "web reloads\n", false, NULL, "" },
    { "put off, and the hook has failed", false, "bs", "elMhrE", "bad\nweb reloads\n", true, NULL, "error code 3" },
    { "then the hook alone is left", false, "bs", "elMhrEnmO", "bad\nweb reloads\nmended\n", false, NULL, "" },
    { "what is left is put off as well", false, "hs", "elMhrnMoE", "hook a.test\nweb reloads\n", false, NULL, "" },
    { "installing was as good as a reload", false, "hs", "elhi", "hook a.test\n", false, NULL, "" },
    { "installed, and the hook has failed", false, "bs", "elhi", "bad\n", true, NULL, "error code 3" },
    { "installing leaves nothing that was not there", false, "hs", "i", "", false, NULL, "" },

    { "a hook fails", false, "b", "elhr", "bad\n", true, NULL, "error code 3" },
    { "the next run tries again at once", false, "b", "elhrno", "bad\nbad\n", true, NULL, "" },
    { "the one after it waits", false, "b", "elhrnono", "bad\nbad\n", true, NULL, "" },
    { "unless it is told to hurry", false, "b", "elhrnonO", "bad\nbad\nbad\n", true, NULL, "" },
    { "a mended hook is run as it is now", false, "b", "elhrnmo", "bad\nmended\n", false, NULL, "" },
    { "one that was taken away is not missed", false, "b", "elhrnxo", "bad\n", false, NULL, "" },
    { "one that was added is run", false, "hs", "elhano", "hook a.test\nadded\nweb reloads\n", false, NULL, "" },
    { "only what failed is run again", false, "b", "aelhrno", "added\nbad\nbad\n", true, NULL, "" },

    { "a server does not reload", false, "hz", "elhr", "hook a.test\nasleep reloads\n", true, "the server is asleep",
        "" },
    { "the next run reloads it", false, "hz", "elhruno", "hook a.test\nasleep reloads\nasleep reloads\n", false,
        "the server is asleep", "" },
    { "put off, and it does not reload", false, "hz", "elMhrE", "hook a.test\nasleep reloads\n", true,
        "the server is asleep", "" },
    { "nor in the next run", false, "z", "elMrEno", "asleep reloads\nasleep reloads\n", true, "the server is asleep",
        "" },
    { "and then it is left alone for a while", false, "z", "elMrEnono", "asleep reloads\nasleep reloads\n", true,
        "the server is asleep", "" },

    { "of a lineage that was deleted", false, "h", "eldw", "", false, NULL, "" },
    { "of one that is there", false, "h", "elw", "", true, NULL, "" },

    { "certbot: a hook that failed is done", true, "b", "elhr", "bad\n", false, NULL, "error code 3" },
    { "certbot: one that was killed is made up for", true, "b", "elno", "bad\n", false, NULL, "error code 3" },
    { "certbot: a server that does not reload", true, "z", "elr", "asleep reloads\n", true, "the server is asleep",
        "" },
};

static void check_row(size_t i)
{
    struct story story = { .stage = stage_new("renew", rows[i].as_certbot), .reloads = reloads_new() };
    const char *name = rows[i].name;

    add_installer("web", ANSWER_YES);
    add_installer("asleep", ANSWER_NO);
    follow(story.stage.settings, rows[i].follows);
    story.lineage = add_lineage(&story.stage, NAME, &(struct made){ 0 });
    for (const char *letter = rows[i].letters; *letter != '\0'; letter++)
        play(&story, *letter);
    check_ran_since(rows[i].ran, name);
    CHECK(delivery_is_recorded(story.stage.store, NAME) == rows[i].recorded, "%s", name);
    CHECK_TEXT(story.failed, rows[i].failed, name);
    if (*rows[i].said != '\0')
        check_said(rows[i].said, name);
    CHECK(rows[i].recorded || !file_exists(at("deliveries")), "%s: an empty folder is left", name);
    lineage_free(story.lineage);
    reloads_free(story.reloads);
    free(story.failed);
    stage_clear_at(&story.stage);
}

TEST(stories)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(i);
}

TEST_MAIN()

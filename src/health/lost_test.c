/* When a store has lost its renewal files, and when it is only empty. */
#include "health/health.h"

#include "store/fixture.h"
#include "store/listed.h"

static const struct {
    const char *name;
    const char *shell; /* run in the store's directory */
    const char *want;  /* a part of what is said; NULL: nothing */
} cases[] = {
    { "all is there", ":", NULL },
    { "one of two is gone", "rm renewal/a.conf", NULL },
    { "emptied", "rm renewal/*", "/live: " },
    { "the directory is gone", "rm -rf renewal", " and 1 more" },
    { "and one of the certificates", "rm -rf renewal live/b", "/live: a" },
    { "only the archive is left", "rm -rf renewal live; touch archive/a/cert1.pem", "/archive: " },
    { "other files are left", "rm renewal/*; touch renewal/README renewal/.a.conf.new", "/live: " },
    { "one is being deleted", "rm renewal/b.conf; mv renewal/a.conf renewal/.a.conf.gone; rm -rf live/b archive/b",
        NULL },
    { "both were deleted", "rm -rf renewal/* live/? archive/?", NULL },
    { "with nothing but empty directories left", "rm -rf renewal/* live/?/* archive/?/*", NULL },
    { "with what users keep there", "rm -rf renewal/* live/?/* archive/?/*; mkdir live/a/mine; touch live/a/notes",
        NULL },
    { "nothing is left, not even a directory", "rm -rf renewal live archive", "2 certificate(s) were" },
    { "not what was listed either", "rm -rf renewal live archive ../work/listed", NULL },
    { "what was listed is another's", "rm -rf renewal live archive; chmod 666 ../work/listed", NULL },
};

/* As a listing does. */
static void list_them(struct store *store)
{
    static const char *const names[] = { "a", "b" };
    AUTO(listed_close) struct listed *listed = NULL;
    struct error err = { 0 };

    store_look_once(store);
    listed = listed_open(store, INT32_MAX);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(summary_free) struct summary *summary = NULL;
        AUTO(buf_clear) struct buf record = BUF(4096);

        REQUIRE(lineage_load(store, names[i], &lineage, &err), "%s", err.why);
        summary = summary_of(lineage);
        listed_record(listed, lineage, summary, &record);
        listed_keep(listed, buf_view(&record));
    }
    listed_save(listed);
}

static void try_one(size_t i, const char *layout)
{
    AUTO(settings_free) struct settings *settings = settings_of(layout);
    AUTO(store_close) struct store *store = NULL;
    AUTO(free) char *why = NULL, *command = NULL;
    struct error err = { 0 };

    REQUIRE(file_remove_tree(settings->config_dir, &err) && file_remove_tree(settings->work_dir, &err), "%s", err.why);
    store = store_here(settings);
    make_lineage(store, settings, "a");
    make_lineage(store, settings, "b");
    list_them(store);
    command = xprintf("cd '%s' && %s", settings->config_dir, cases[i].shell);
    REQUIRE(system(command) == 0, "%s", command);
    why = health_lost(store);
    if (cases[i].want == NULL)
        CHECK(why == NULL, "%s: %s", cases[i].name, why);
    else
        CHECK(
            why != NULL && strstr(why, cases[i].want) != NULL, "%s: %s", cases[i].name, why == NULL ? "nothing" : why);
}

TEST(stores)
{
    OVER_LAYOUTS(layout)
    for (size_t i = 0; i < COUNT(cases); i++)
        try_one(i, *layout);
}

TEST_MAIN()

/*
 * Which lineages `delete` deletes.
 */
#include "lifecycle/forget.h"

#include "fixture.h"
#include "store/fixture.h"
#include "store/lineage_gone.h"

static const struct {
    const char *name, *lineages, *half_deleted; /* NULL: none */
    struct setup setup;
    const char *want; /* with blanks between */
    const char *why;  /* NULL: it succeeds */
    const char *said; /* NULL: anything */
} rows[] = {
    { "the one that is named", "a.test b.test", NULL, { .options = "cert-name=b.test" }, "b.test", NULL, NULL },
    { "named, and asked: no", "a.test", NULL, { .options = "cert-name=a.test", .answers = "n\n" }, "", NULL,
        "Are you sure you want to delete" },
    { "named, and asked: yes", "a.test", NULL, { .options = "cert-name=a.test", .answers = "y\n" }, "a.test", NULL,
        "* a.test" },
    { "named, and there is none", "a.test", NULL, { .options = "cert-name=c.test" }, "",
        "No certificate found with name c.test", NULL },
    { "one whose deletion was cut short", "a.test", "a.test", { .options = "cert-name=a.test" }, "a.test", NULL, NULL },
    { "marked", "a.test b.test c.test", NULL, { .answers = "1,3\ny\n" }, "a.test c.test", NULL, "* c.test" },
    { "marked, and on second thoughts", "a.test b.test", NULL, { .answers = "1\nn\n" }, "", NULL, NULL },
    { "none is there", "", NULL, { .answers = "1\ny\n" }, "", "No existing certificates found", NULL },
    { "nobody is there to mark", "a.test", NULL, { .options = NULL }, "", "--cert-name", NULL },
    { "c cancels", "a.test", NULL, { .answers = "c\n" }, "", "not answered", NULL },
};

TEST(which)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(list_clear) struct list chosen = { 0 }, lineages = fixture_words(rows[i].lineages);
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &rows[i].setup);
        for (size_t k = 0; k < lineages.len; k++)
            lineage_free(fixture_lineage(&fixture, lineages.at[k], lineages.at[k], 0));
        if (rows[i].half_deleted != NULL) {
            AUTO(free) char *gone = lineage_gone_path(fixture.store, rows[i].half_deleted);

            REQUIRE(rename(at("renewal/%s.conf", rows[i].half_deleted), gone) == 0, "%s", gone);
        }
        ok = forget_choose(&fixture.context, &chosen, &err);
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        got = list_join(&chosen, " ");
        CHECK_TEXT(got, rows[i].want, rows[i].name);
        CHECK(rows[i].said == NULL || fixture_has_said(&fixture, rows[i].said), "%s: %s", rows[i].name,
            buf_text(&fixture.said));
    }
}

TEST_MAIN()

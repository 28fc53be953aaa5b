/*
 * Lineages that do not load: which are repaired on the way, for whom, and what is said.
 */
#include "lifecycle/load_repaired.h"

#include "lifecycle/stage_certs.h"

#define NAME "a.test"

enum damage { WHOLE, LINK_GONE, LINKS_GONE, CERT_GONE, ARCHIVE_GONE, CONF_GONE, NO_CERTIFICATE };

static void break_it(const struct lineage *lineage, enum damage damage)
{
    struct error err = { 0 };

    switch (damage) {
    case WHOLE:
        break;
    case LINK_GONE:
        (void)unlink(lineage->live[KIND_CHAIN]);
        break;
    case LINKS_GONE:
        REQUIRE(file_remove_tree(lineage->live_dir, &err), "%s", err.why);
        break;
    case CERT_GONE:
        (void)unlink(at("archive/%s/cert1.pem", NAME));
        (void)unlink(at("archive/%s/fullchain1.pem", NAME));
        break;
    case ARCHIVE_GONE:
        REQUIRE(file_remove_tree(lineage->archive_dir, &err), "%s", err.why);
        break;
    case CONF_GONE:
        (void)unlink(lineage->conf_path);
        break;
    case NO_CERTIFICATE:
        write_text(at("archive/%s/cert1.pem", NAME), "nothing");
        break;
    }
}

static const struct {
    const char *name;
    enum damage damage;
    bool as_certbot, dry_run, loads;
    const char *said, *next; /* NULL: nothing */
} rows[] = {
    { "nothing is wrong", WHOLE, false, false, true, NULL, NULL },
    { "a live link was removed", LINK_GONE, false, false, true, "Repaired a.test", NULL },
    { "all of them were", LINKS_GONE, false, false, true, "Repaired a.test", NULL },
    { "what they lead to was removed", CERT_GONE, false, false, false, NULL, "doctor --cert-name a.test" },
    { "no version is left", ARCHIVE_GONE, false, false, false, NULL, "doctor --cert-name a.test" },
    { "there is no such lineage", CONF_GONE, false, false, false, NULL, "doctor --cert-name a.test" },
    { "certbot repairs nothing, and knows no doctor", LINK_GONE, true, false, false, NULL, "" },
    { "a file that is no certificate", NO_CERTIFICATE, false, false, true, "Repaired a.test", NULL },
    { "a dry run repairs nothing", LINK_GONE, false, true, false, NULL, "" },
    { "a dry run says who does", NO_CERTIFICATE, false, true, false, NULL, "doctor --cert-name a.test" },
    { "a dry run of what is whole", WHOLE, false, true, true, NULL, NULL },
};

TEST(what_is_repaired)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("renew", rows[i].as_certbot);
        AUTO(lineage_free) struct lineage *before = add_lineage(&stage, NAME, &(struct made){ 0 }), *found = NULL;
        struct error err = { 0 };

        stage.settings->dry_run = rows[i].dry_run;
        break_it(before, rows[i].damage);
        CHECK(lineage_load_repaired(&stage.context, NAME, &found, &err) == rows[i].loads, "%s: %s", rows[i].name,
            err.why);
        CHECK((err.kind == ERROR_NONE) == rows[i].loads, "%s: %s", rows[i].name, err.why);
        check_said(rows[i].said, rows[i].name);
        if (rows[i].loads)
            CHECK_TEXT(found->cert->serial, before->cert->serial, rows[i].name);
        else if (*rows[i].next == '\0')
            CHECK(strstr(err.next, "doctor") == NULL, "%s: %s", rows[i].name, err.next);
        else
            CHECK(strstr(err.next, rows[i].next) != NULL, "%s: %s", rows[i].name, err.next);
    }
}

/* A repair is on disk: the next run reports nothing. */
TEST(a_repair_lasts)
{
    AUTO(stage_clear) struct stage stage = stage_new("renew", false);
    AUTO(lineage_free) struct lineage *lineage = add_lineage(&stage, NAME, &(struct made){ 0 });
    struct error err = { 0 };

    break_it(lineage, LINK_GONE);
    lineage_free(TAKE(lineage));
    REQUIRE(lineage_load_repaired(&stage.context, NAME, &lineage, &err), "%s", err.why);
    buf_clear(&stage_heard);
    stage_heard = BUF(4096);
    lineage_free(TAKE(lineage));
    REQUIRE(lineage_load_repaired(&stage.context, NAME, &lineage, &err), "%s", err.why);
    check_said(NULL, "the second time");
}

TEST_MAIN()

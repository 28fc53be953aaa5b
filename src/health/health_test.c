/*
 * How examining and repairing go about it.
 */
#include "store/fixture.h"
#include "health/world.h"

/* Nothing is lost that was there once only: the wrong key is put aside, readable by nobody new. */
TEST(a_wrong_key_is_kept)
{
    for (int versioned = 0; versioned < 2; versioned++) {
        AUTO(world_clear) struct world world = world_new(versioned);
        AUTO(free) char *kept = NULL;
        char wrong[] = "mismatched-privkey.pem.1", numbered[] = "mismatched-privkey2.pem.1";

        shell("mkdir keys && cp live/a.example/privkey.pem keys/1 && echo mine >live/a.example/privkey.pem");
        check_codes(&world, HEALTH_FIX, "key-mismatch+ old-keys", "fix");
        kept = read_text(at("archive/a.example/%s", versioned ? wrong : numbered));
        CHECK_TEXT(kept, "mine\n", "put aside");
        CHECK_INT(mode_of(at("archive/a.example/%s", versioned ? wrong : numbered)), 0600, "mode");
        CHECK_INT(mode_of(at("live/a.example/privkey.pem")), 0600, "mode");
        check_whole(&world, NAME, SERIAL_B, "then");
    }
}

/* Live files that tar -h made of the links, and that no version has, become a version. */
TEST(an_unknown_live_becomes_a_version)
{
    AUTO(world_clear) struct world world = world_new(false);

    shell("cp -rL live/a.example x && rm -r live/a.example archive/a.example && mv x live/a.example");
    check_codes(&world, HEALTH_FIX, "live-link-flattened+", "fix");
    CHECK_TEXT(link_text(at("live/a.example/privkey.pem")), "../../archive/a.example/privkey1.pem", "link");
    CHECK_INT(mode_of(at("archive/a.example/privkey1.pem")), 0600, "mode");
    check_whole(&world, NAME, SERIAL_B, "then");
}

/* An older version that `history restore` made live is somebody's choice. */
TEST(a_restored_version_is_left_alone)
{
    AUTO(world_clear) struct world world = world_new(true);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(history_clear) struct history history = { 0 };
    AUTO(free) char *now = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(world.store, NAME, &lineage, &err) && lineage_history(lineage, &history, &err), "%s", err.why);
    REQUIRE(lineage_restore(world.store, lineage, history.at[0].id, &now, &err), "%s", err.why);
    check_codes(&world, HEALTH_LOOK, "", "both began in the same second");
    shell("mv archive/a.example/2* archive/a.example/29991122T024405Z-1a02");
    check_codes(&world, HEALTH_LOOK, "live-not-newest", "an older one");
    check_codes(&world, HEALTH_FIX, "live-not-newest", "is not touched");
    check_whole(&world, NAME, SERIAL_A, "then");
}

/* A version that was issued but never became live does so. */
TEST(a_pending_version_becomes_live)
{
    AUTO(world_clear) struct world world = world_new(false);

    shell("for k in cert chain fullchain privkey; do ln -sf ../../archive/a.example/${k}1.pem live/a.example/$k.pem; "
          "done");
    check_codes(&world, HEALTH_LOOK, "live-not-newest!", "found");
    check_codes(&world, HEALTH_FIX, "live-not-newest+", "fixed");
    check_whole(&world, NAME, SERIAL_B, "then");
}

/* At renewal only what stops it is repaired; the rest waits for somebody to ask. */
TEST(reviving_leaves_the_rest_alone)
{
    AUTO(world_clear) struct world world = world_new(false);
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(free) char *codes = NULL;
    struct error err = { 0 };

    shell("rm live/a.example/cert.pem && touch archive/a.example/cert3.pem.new");
    REQUIRE(health_examine(world.store, world.settings, NAME, HEALTH_REVIVE, &findings, &err), "%s", err.why);
    codes = codes_of(&findings);
    CHECK_TEXT(codes, "live-link-missing+ leftover!", "codes");
    CHECK_INT(findings_open(&findings), 0, "a leftover is a mere note");
}

/* A repair that fails says why, once, and nothing else is lost. */
TEST(a_failing_repair)
{
    AUTO(world_clear) struct world world = world_new(false);
    AUTO(findings_clear) struct findings findings = { 0 };

    shell("mv archive/a.example archive/x && touch archive/a.example");
    findings = examine(&world, HEALTH_FIX);
    REQUIRE(findings.len == 1, "%zu findings", findings.len);
    CHECK_TEXT(findings.at[0].code, "archive-renamed", "code");
    CHECK(findings.at[0].failed != NULL && strstr(findings.at[0].failed, "something is at") != NULL, "%s",
        findings.at[0].failed);
    CHECK_INT(findings_open(&findings), 1, "open");
    CHECK(file_exists(at("archive/x/privkey2.pem")), "lost");
}

TEST(one_lineage)
{
    AUTO(world_clear) struct world world = world_new(false);
    AUTO(findings_clear) struct findings findings = { 0 };
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "b");
    shell("rm live/a.example/cert.pem live/b/cert.pem");
    REQUIRE(health_examine(world.store, world.settings, "b", HEALTH_FIX, &findings, &err), "%s", err.why);
    CHECK_INT(findings.len, 1, "findings");
    CHECK_TEXT(findings.at[0].lineage, "b", "of b");
    check_codes(&world, HEALTH_LOOK, "live-link-missing!", "a.example is as it was");
    CHECK(!health_examine(world.store, world.settings, "c", HEALTH_LOOK, &findings, &err), "no such lineage");
    CHECK(strstr(err.why, "No certificate found with name c") != NULL, "%s", err.why);
}

/* Access alone: what is damaged besides is no matter of it. */
TEST(access_is_examined_by_itself)
{
    static const struct {
        const char *name, *damage, *want;
    } rows[] = {
        { "as it was made", "true", "" },
        { "a key readable by all", "chmod 644 live/a.example/privkey.pem", "key-open-to-others" },
        { "a directory that others write to", "chmod 777 renewal", "writable-by-others" },
        { "damage of other kinds", "rm archive/a.example/chain1.pem live/a.example/cert.pem", "" },
        { "no renewal file", "rm renewal/a.example.conf", "" },
        { "one that says nothing", "echo >renewal/a.example.conf", "" },
        { "neither directory", "rm -r live archive", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(world_clear) struct world world = world_new(false);
        AUTO(findings_clear) struct findings found = { 0 };
        AUTO(list_clear) struct list names = { 0 };

        shell("%s", rows[i].damage);
        list_add(&names, NAME);
        health_examine_access(world.store, world.settings, &names, &found);
        CHECK_INT(found.examined, 1, rows[i].name);
        CHECK_INT(found.len, rows[i].want[0] == '\0' ? 0 : 1, rows[i].name);
        for (size_t k = 0; k < found.len; k++)
            CHECK_TEXT(found.at[k].code, rows[i].want, rows[i].name);
    }
}

TEST_MAIN()

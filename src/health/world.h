#pragma once
/*
 * Shared by the tests of health*.c: a store with lineage "a.example" of two versions, in either layout. Included by
 * test programs only, once each.
 */
#include "disk/layout.h"
#include "health/health.h"
#include "store/fixture.h"
#include "store/history.h"
#include "store/lineage_create.h"
#include "store/lineage_verify.h"

#define NAME "a.example"

struct world {
    struct settings *settings;
    struct store *store;
    bool versioned;
};

__attribute__((unused)) static void world_add(struct world *world, char which)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of(which);
    struct error err = { 0 };

    if (!lineage_load(world->store, NAME, &lineage, &err) ||
        !lineage_add_version(world->store, lineage, &issued, world->settings, &err))
        fail_msg("%s: %s", err.what, err.why);
}

__attribute__((unused)) static struct world world_new(bool versioned)
{
    struct world world = { .settings = settings_here(), .versioned = versioned };

    xreplace(&world.settings->store_layout, versioned ? "versioned" : "certbot");
    SETTING_MARK(world.settings, store_layout, ORIGIN_COMMAND_LINE);
    world.settings->history_keep = 3;
    world.store = store_here(world.settings);
    make_lineage(world.store, world.settings, NAME);
    world_add(&world, 'b');
    return world;
}

__attribute__((unused)) static void world_clear_at(struct world *world)
{
    store_close(world->store);
    settings_free(world->settings);
    test_drop_dir();
}

/* A command of the shell in the configuration directory: what people do to their stores. */
__attribute__((unused)) PRINTF(1, 2) static void shell(const char *format, ...)
{
    char command[4096];
    AUTO(free) char *whole = NULL;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    whole = xprintf("cd '%s' && %s", at("%s", ""), command);
    REQUIRE(system(whole) == 0, "%s", whole); /* NOLINT(cert-env33-c): a test's own words */
}

/* "code code! ...": a "!" behind what can be repaired, a "+" behind what was; of the caller's. */
__attribute__((unused)) static char *codes_of(const struct findings *findings)
{
    AUTO(buf_clear) struct buf text = BUF(64 * 1024);

    for (size_t i = 0; i < findings->len; i++)
        buf_putf(&text, "%s%s%s", i == 0 ? "" : " ", findings->at[i].code,
            findings->at[i].repaired                  ? "+"
            : finding_is_repairable(&findings->at[i]) ? "!"
                                                      : "");
    return buf_take(&text);
}

__attribute__((unused)) static struct findings examine(struct world *world, enum health_mode mode)
{
    struct findings findings = { 0 };
    struct error err = { 0 };

    REQUIRE(health_examine(world->store, world->settings, NULL, mode, &findings, &err), "%s", err.why);
    return findings;
}

__attribute__((unused)) static void check_codes(
    struct world *world, enum health_mode mode, const char *want, const char *name)
{
    AUTO(findings_clear) struct findings findings = examine(world, mode);
    AUTO(free) char *codes = codes_of(&findings);

    CHECK_TEXT(codes, want, name);
    for (size_t i = 0; i < findings.len; i++) {
        const struct finding *finding = &findings.at[i];

        CHECK(finding->what[0] != '\0' && finding->why[0] != '\0' && finding->answers.len > 0, "%s: %s", name,
            finding->code);
        CHECK(!finding_is_repairable(finding) || finding->answers.len == 1, "%s: %s has %zu answers", name,
            finding->code, finding->answers.len);
        CHECK(finding->failed == NULL, "%s: %s: %s", name, finding->code, finding->failed);
    }
}

/* Checks that the live version loads, that its files belong together, and that it has that serial number. */
__attribute__((unused)) static void check_whole(
    struct world *world, const char *lineage_name, const char *serial, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    CHECK(lineage_load(world->store, lineage_name, &lineage, &err), "%s: %s", name, err.why);
    if (lineage == NULL)
        return;
    CHECK(lineage_verify(lineage, &err), "%s: %s: %s", name, err.what, err.why);
    CHECK_TEXT(lineage->cert->serial, serial, name);
    CHECK(!lineage->pending_deployment, "%s", name);
}

#pragma once
/*
 * For the tests of this room: the lineage "a" as files, in either layout, without a store or a renewal file.
 * Included by test programs only, once each.
 */
#include "base/test_files.h"
#include "disk/layout.h"
#include "disk/layouts.h"
#include "disk/test_issued.h"

#define OVER_LAYOUTS(layout)                                                                                           \
    for (const char *const *layout = (const char *const[]){ "certbot", "versioned", NULL }; *layout != NULL; layout++)

struct world {
    struct lineage *lineage;
};

/* Finds out what is on disk, after finishing what was interrupted. */
static bool world_reload(struct world *world, struct error *err)
{
    struct lineage *lineage = world->lineage;
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct cert *cert;

    lineage->unsettled = false;
    if (!lineage->layout->find(lineage, err) || lineage->unsettled) {
        error_clear(err);
        TRY(lineage->layout->settle(lineage, err));
        TRY(lineage->layout->find(lineage, err));
    }
    TRY(file_read(lineage->current[KIND_CERT], &pem, err));
    TRY(cert_from_pem(buf_view(&pem), "cert", &cert, err));
    cert_free(lineage->cert);
    lineage->cert = cert;
    return true;
}

/* The next version, with certificate 'a', 'b' or 'c'. */
__attribute__((unused)) static void world_add(struct world *world, char which)
{
    AUTO(undo) struct undo undo = { 0 };
    struct issued issued = issued_of(which);
    AUTO(free) char *id = NULL;
    struct access access = { 0 };
    struct error err = { 0 };

    if (!access_of_live(world->lineage->current[KIND_PRIVKEY], &access, &err) ||
        !world->lineage->layout->add(world->lineage, &issued, &access, &undo, &id, &err) ||
        !world->lineage->layout->deploy(world->lineage, id, &err) || !world_reload(world, &err))
        fail_msg("%c: %s: %s", which, err.what, err.why);
    undo_keep(&undo);
}

static struct lineage *plan(const char *layout)
{
    struct lineage *lineage = xcalloc(1, sizeof *lineage);

    lineage->name = xstrdup("a");
    lineage->layout = layout_find(layout);
    lineage->conf_path = xstrdup(at("renewal/a.conf"));
    lineage->live_dir = xstrdup(at("live/a"));
    lineage->archive_dir = xstrdup(at("archive/a"));
    for (int kind = 0; kind < KIND_COUNT; kind++)
        lineage->live[kind] = version_file(lineage->live_dir, (enum kind)kind);
    return lineage;
}

/* issued: the certificates of its versions, one after the other; "ab": a is superseded and b live. */
__attribute__((unused)) static struct world world_new_of(const char *layout, const char *issued)
{
    struct world world = { plan(layout) };
    AUTO(undo) struct undo undo = { 0 };
    struct issued first = issued_of(issued[0]);
    struct access access = { .key = FILE_PRIVATE, .cert = FILE_PUBLIC };
    struct error err = { 0 };

    REQUIRE(mkdir(at("%s", ""), 0755) == 0 && mkdir(at("renewal"), 0755) == 0 && mkdir(at("live"), 0700) == 0 &&
                mkdir(at("archive"), 0700) == 0,
        "%s", test_dir());
    if (!world.lineage->layout->create(world.lineage, &first, &access, &undo, &err) || !world_reload(&world, &err))
        fail_msg("%s: %s: %s", layout, err.what, err.why);
    undo_keep(&undo);
    for (const char *which = issued + 1; *which != '\0'; which++)
        world_add(&world, *which);
    return world;
}

__attribute__((unused)) static void world_clear_at(struct world *world)
{
    struct lineage *lineage = world->lineage;

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->live[kind]);
        free(lineage->current[kind]);
    }
    cert_free(lineage->cert);
    free(lineage->version);
    free(lineage->name);
    free(lineage->conf_path);
    free(lineage->live_dir);
    free(lineage->archive_dir);
    free(lineage);
    test_drop_dir();
}

/* Makes a superseded version live again. */
__attribute__((unused)) static void restore(struct world *world, const char *id)
{
    AUTO(free) char *now = NULL;
    struct error err = { 0 };

    REQUIRE(world->lineage->layout->restore(world->lineage, id, &now, &err) && world_reload(world, &err), "%s: %s", id,
        err.why);
}

__attribute__((unused)) static void check_text(const char *path, const char *want, const char *name)
{
    AUTO(free) char *text = read_text(path);

    CHECK_TEXT(text, want, name);
}

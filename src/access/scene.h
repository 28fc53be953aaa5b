#pragma once
/*
 * For the tests of this room: files of certificates and keys in directories as both layouts have them, without anything
 * that knows of lineages: links in live/ to files in archive/ ("certbot"), or plain files in live/ ("versioned").
 * Included by test programs only, once each.
 */
#include <stdio.h>

#include "access/traversal.h"
#include "base/log.h"
#include "base/test_files.h"
#include "base/text.h"
#include "config/option_apply.h"
#include "config/option_find.h"

#define OVER_LAYOUTS(layout)                                                                                           \
    for (const char *const *layout = (const char *const[]){ "certbot", "versioned", NULL }; *layout != NULL; layout++)

struct world {
    struct settings *settings;
    bool links;
};

static struct buf world_heard; /* messages for the terminal, one to a line */

static void world_hear(void *ctx, enum log_level level, const char *message)
{
    (void)level;
    buf_putf(ctx, "%s\n", message);
}

__attribute__((unused)) static bool is_root(const char *test)
{
    if (geteuid() == 0)
        return true;
    (void)fprintf(stderr, "skipped: %s: only root may give files away\n", test);
    return false;
}

__attribute__((unused)) static struct world world_new(const char *layout)
{
    struct world world = { .settings = settings_new(&voice_certbot), .links = strcmp(layout, "certbot") == 0 };

    buf_clear(&world_heard);
    world_heard = BUF(1 << 20);
    log_thread_sink(world_hear, &world_heard);
    /* as the way to a store usually is */
    REQUIRE(chmod(test_dir(), 0755) == 0 && mkdir(at("%s", ""), 0755) == 0);
    REQUIRE(mkdir(at("live"), 0700) == 0 && mkdir(at("archive"), 0700) == 0);
    return world;
}

__attribute__((unused)) static void world_clear_at(struct world *world)
{
    log_thread_sink(NULL, NULL);
    buf_clear(&world_heard);
    settings_free(world->settings);
    test_drop_dir();
}

__attribute__((unused)) static void ask(struct world *world, const char *option, const char *value)
{
    struct error err = { 0 };

    REQUIRE(option_apply(world->settings, option_find(option), value, ORIGIN_COMMAND_LINE, &err), "%s", err.why);
}

/* The files of the next version, each with what it is to have before its first byte is there. */
static void make_files(struct world *world, const char *name, const char *newest)
{
    struct access access;
    unsigned version = 1;
    struct error err = { 0 };

    REQUIRE(access_of_next(newest, world->settings, &access, &err), "%s", err.why);
    while (file_exists(at("archive/%s/cert%u.pem", name, version)))
        version++;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *file = kind_name((enum kind)kind), *live = at("live/%s/%s.pem", name, file);
        const char *path =
            world->links ? at("archive/%s/%s%u.pem", name, file, version) : at("live/%s/.%s.new", name, file);
        const char *text = kind == KIND_PRIVKEY ? "-----BEGIN PRIVATE KEY-----\n" : "a certificate\n";

        REQUIRE(access_create_part(path, (enum kind)kind, view_of(text), &access, &err), "%s", err.why);
        if (world->links)
            REQUIRE((unlink(live) == 0 || !file_exists(live)) && symlink(path, live) == 0, "%s", live);
        else
            REQUIRE(rename(path, live) == 0, "%s", live);
    }
}

static void open_ways(struct world *world, const char *name)
{
    char *live[KIND_COUNT];
    AUTO(free) char *config_dir = test_path("conf"), *live_dir = xstrdup(at("live/%s", name));
    AUTO(free) char *archive_dir = xstrdup(at("archive/%s", name));
    struct way way = { .config_dir = config_dir,
        .name = name,
        .live_dir = live_dir,
        .archive_dir = archive_dir,
        .live = live,
        .through_archive = world->links };
    struct ownerships wanted;
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++)
        live[kind] = version_file(live_dir, (enum kind)kind);
    REQUIRE(access_ownerships(world->settings, &wanted, &err), "%s", err.why);
    traversal_open(&way, &wanted);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        free(live[kind]);
}

__attribute__((unused)) static void make(struct world *world, const char *name)
{
    REQUIRE(mkdir(at("live/%s", name), 0755) == 0, "%s", name);
    REQUIRE(mkdir(at("archive/%s", name), world->links ? 0755 : 0700) == 0, "%s", name);
    make_files(world, name, NULL);
    open_ways(world, name);
}

__attribute__((unused)) static void renew(struct world *world, const char *name)
{
    make_files(world, name, at("live/%s/privkey.pem", name));
    open_ways(world, name);
}

/* Applies the settings' owners, groups and modes to the files that exist. */
__attribute__((unused)) static void apply(struct world *world, const char *name)
{
    struct ownerships wanted;
    struct error err = { 0 };

    REQUIRE(access_ownerships(world->settings, &wanted, &err), "%s", err.why);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = realpath(at("live/%s/%s.pem", name, kind_name((enum kind)kind)), NULL);

        REQUIRE(path != NULL && access_apply(path, (enum kind)kind, &wanted, &err), "%s", err.why);
    }
    open_ways(world, name);
}

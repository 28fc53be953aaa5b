/* What is lost, and what is put in its place: by losses, over both layouts. */
#include "rescue/stand_in.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/stop_gap.h"
#include "disk/layout.h"
#include "fixture.h"
#include "rescue/older.h"
#include "store/lineage_access.h"
#include "store/lineage_conf.h"

#define NAMES "a.test www.a.test"

struct scene {
    struct fixture fixture;
    struct uses uses;
    struct use use;
};

static char *path_in(const struct scene *scene, const char *below)
{
    return file_join(store_config_dir(scene->fixture.store), below);
}

static void remove_at(const struct scene *scene, const char *below)
{
    AUTO(free) char *path = path_in(scene, below);
    struct error err = { 0 };

    REQUIRE(file_is_dir(path) && !file_is_link(path) ? file_remove_tree(path, &err) : file_remove(path, &err), "%s: %s",
        below, err.why);
}

static void write_at(const struct scene *scene, const char *below, const char *text)
{
    AUTO(free) char *path = path_in(scene, below);
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(text), FILE_PRIVATE, &err), "%s: %s", below, err.why);
}

static void lose_key(const struct scene *scene)
{
    AUTO(free) char *path = path_in(scene, "live/a.test/privkey.pem");

    if (file_is_link(path))
        remove_at(scene, "archive/a.test/privkey1.pem");
    remove_at(scene, "live/a.test/privkey.pem");
}

static void wrong_key(const struct scene *scene)
{
    AUTO(free) char *path = path_in(scene, "live/a.test/privkey.pem");
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err));
    REQUIRE(key_to_pem(key, &pem, &err));
    write_at(scene, file_is_link(path) ? "archive/a.test/privkey1.pem" : "live/a.test/privkey.pem", buf_text(&pem));
}

static void lose_files(const struct scene *scene)
{
    remove_at(scene, "live/a.test");
    remove_at(scene, "archive/a.test");
}

static void lose_conf(const struct scene *scene)
{
    remove_at(scene, "renewal/a.test.conf");
}

static void empty_conf(const struct scene *scene)
{
    write_at(scene, "renewal/a.test.conf", "");
}

static void lose_all(const struct scene *scene)
{
    lose_files(scene);
    lose_conf(scene);
}

static void empty_conf_lose_key(const struct scene *scene)
{
    lose_key(scene);
    empty_conf(scene);
}

/* Where the newest version has that file, in either layout. */
static char *file_of(const struct scene *scene, const char *kind)
{
    AUTO(free) char *live = xprintf("live/a.test/%s.pem", kind), *path = path_in(scene, live);

    return file_is_link(path) ? xprintf("archive/a.test/%s1.pem", kind) : TAKE(live);
}

/* An intermediate too many: a server takes it. */
static void longer_chain(const struct scene *scene)
{
    AUTO(free) char *below = file_of(scene, "fullchain"), *path = path_in(scene, below);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT), twice = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    buf_put(&twice, buf_view(&text));
    buf_put(&twice, buf_view(&text));
    write_at(scene, below, buf_text(&twice));
}

static void lose_chain(const struct scene *scene)
{
    AUTO(free) char *below = file_of(scene, "chain");

    remove_at(scene, below);
}

static void encrypted_key(const struct scene *scene)
{
    AUTO(free) char *below = file_of(scene, "privkey");

    write_at(scene, below, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
}

static void closed_key(const struct scene *scene)
{
    AUTO(free) char *below = file_of(scene, "privkey"), *path = path_in(scene, below);

    remove_at(scene, below);
    REQUIRE(symlink(path, path) == 0);
}

#define BAD_CONF "version = 2.0\n[renewalparams\n"

static void bad_conf(const struct scene *scene)
{
    write_at(scene, "renewal/a.test.conf", BAD_CONF);
}

static void bad_conf_lose_key(const struct scene *scene)
{
    lose_key(scene);
    bad_conf(scene);
}

static void lose_nothing(const struct scene *scene)
{
    (void)scene;
}

static const struct {
    const char *name;
    void (*lose)(const struct scene *scene);
    enum trouble_kind kind;
    bool used; /* a server reads it, and tells its names */
    bool put;
    const char *why; /* that it cannot be put */
} cases[] = {
    { "nothing is lost", lose_nothing, TROUBLE_NONE, true, false, NULL },
    { "key missing", lose_key, TROUBLE_BROKEN, false, true, NULL },
    { "key of another", wrong_key, TROUBLE_BROKEN, false, true, NULL },
    { "files missing, names from the server", lose_files, TROUBLE_BROKEN, true, true, NULL },
    { "all lost, but used", lose_all, TROUBLE_LOST, true, true, NULL },
    { "renewal file empty, key missing", empty_conf_lose_key, TROUBLE_LOST, true, true, NULL },
    { "fits, with too long a chain", longer_chain, TROUBLE_BROKEN, true, false, "is valid until" },
    { "fits, chain.pem missing", lose_chain, TROUBLE_BROKEN, false, false, "is valid until" },
    { "key with a passphrase", encrypted_key, TROUBLE_BROKEN, false, false, "protected by a passphrase" },
    { "key that cannot be read", closed_key, TROUBLE_BROKEN, false, false, "no stop-gap is put there: cannot" },
    { "a bad line in the renewal file, key missing", bad_conf_lose_key, TROUBLE_BAD_RENEWAL, true, false,
        "before its renewal file is mended" },
    { "a bad line in the renewal file", bad_conf, TROUBLE_BAD_RENEWAL, true, false, NULL },
    { "the same, and not used", empty_conf_lose_key, TROUBLE_LOST, false, false,
        "how a.test is to be renewed is not known" },
};

static void scene_open(struct scene *scene, const struct setup *setup, bool used)
{
    fixture_open(&scene->fixture, setup);
    lineage_free(fixture_lineage(&scene->fixture, "a.test", NAMES, 10 * FIXTURE_DAY));
    scene->use = (struct use){ .name = NULL, .server = "test" };
    scene->use.name = xstrdup("a.test");
    scene->use.hosts = fixture_words(NAMES);
    scene->uses = used ? (struct uses){ &scene->use, 1 } : (struct uses){ 0 };
}

static void scene_close_at(struct scene *scene)
{
    free(scene->use.name);
    list_clear(&scene->use.hosts);
    list_clear(&scene->use.certs);
    list_clear(&scene->use.keys);
    fixture_clear(&scene->fixture);
}

/* As if nobody had said how to obtain it: a run that only looks after what is there. */
static void forget_plugin(struct scene *scene)
{
    xreplace(&scene->fixture.settings->authenticator, NULL);
    SETTING_MARK(scene->fixture.settings, authenticator, ORIGIN_DEFAULT);
}

static void check_put(struct scene *scene, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(identifiers_clear) struct identifiers want = fixture_identifiers(NAMES), got = { 0 };
    struct error err = { 0 };
    struct stat st;

    REQUIRE(lineage_load(scene->fixture.store, "a.test", &lineage, &err), "%s: %s", name, err.why);
    got = cert_identifiers(lineage->cert);
    CHECK(cert_is_stop_gap(lineage->cert) && identifiers_same_set(&got, &want), "%s", name);
    CHECK(stat(lineage->live[KIND_PRIVKEY], &st) == 0 && (st.st_mode & 0777) == 0600, "%s: %o", name, st.st_mode);
    CHECK_TEXT(conf_get(lineage->conf, "renewalparams", "authenticator"), "test", name);
}

static void run_case(size_t i, const char *layout)
{
    AUTO(free) char *options = xprintf("store-layout=%s", layout), *name = xprintf("%s, %s", cases[i].name, layout);
    const struct setup setup = { .options = options };
    AUTO(troubles_clear) struct troubles troubles = { 0 };
    AUTO(scene_close) struct scene scene;
    struct error err = { 0 };
    bool put = false, ok;

    scene_open(&scene, &setup, cases[i].used);
    cases[i].lose(&scene);
    forget_plugin(&scene);
    REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, NULL, &troubles, &err), "%s: %s", name, err.why);
    REQUIRE(troubles.len == 1, "%s: %zu", name, troubles.len);
    CHECK_TEXT(trouble_kind_word(troubles.at[0].kind), trouble_kind_word(cases[i].kind), name);
    CHECK((troubles.at[0].why == NULL) == (cases[i].kind == TROUBLE_NONE), "%s", name);
    ok = stop_gap_put(&scene.fixture.context, &troubles.at[0], &put, &err);
    CHECK(ok == (cases[i].why == NULL) && put == cases[i].put, "%s: %d %d %s", name, ok, put, err.why);
    CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", name, err.why);
    if (!cases[i].put)
        return;
    CHECK_TEXT(trouble_kind_word(troubles.at[0].kind), "stop-gap", name);
    check_put(&scene, name);
    CHECK(stop_gap_put(&scene.fixture.context, &troubles.at[0], &put, &err) && !put, "%s: a second time", name);
}

TEST(stop_gaps)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        run_case(i, "versioned");
        run_case(i, "certbot");
    }
}

/* What had to give way is kept, with the modes it had. */
TEST(nothing_is_thrown_away)
{
    const struct setup setup = { .options = "store-layout=versioned" };
    AUTO(troubles_clear) struct troubles troubles = { 0 };
    AUTO(list_clear) struct list dates = { 0 }, files = { 0 };
    AUTO(free) char *aside = NULL, *place = NULL, *live = NULL;
    AUTO(scene_close) struct scene scene;
    struct error err = { 0 };
    struct stat st;
    bool put;

    scene_open(&scene, &setup, false);
    wrong_key(&scene);
    REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, "a.test", &troubles, &err));
    REQUIRE(stop_gap_put(&scene.fixture.context, &troubles.at[0], &put, &err) && put, "%s", err.why);
    aside = set_aside_dir(scene.fixture.store, "a.test");
    REQUIRE(file_list_dir(aside, &dates, &err) && dates.len == 1, "%zu", dates.len);
    place = file_join(aside, dates.at[0]);
    live = file_join(place, "live");
    CHECK(stat(place, &st) == 0 && (st.st_mode & 0777) == 0700);
    CHECK(file_list_dir(live, &files, &err) && list_has(&files, "privkey.pem") && list_has(&files, "fullchain.pem"));
}

static const struct {
    const char *name;
    void (*lose)(const struct scene *scene);
    bool used, put;
    const char *why;
} conf_cases[] = {
    { "none is lost", lose_nothing, true, false, NULL },
    { "gone", lose_conf, true, true, NULL },
    { "emptied", empty_conf, true, true, NULL },
    { "a bad line", bad_conf, true, false, NULL },
    { "emptied, and nobody uses it", empty_conf, false, false, "how a.test is to be renewed is not known" },
    { "the files are lost, too", lose_all, true, false, NULL },
};

static void run_conf_case(size_t i, const char *layout)
{
    AUTO(free)
    char *options = xprintf("store-layout=%s", layout), *name = xprintf("%s, %s", conf_cases[i].name, layout);
    const struct setup setup = { .options = options };
    AUTO(troubles_clear) struct troubles troubles = { 0 };
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(scene_close) struct scene scene;
    struct error err = { 0 };
    bool put = false, ok;

    scene_open(&scene, &setup, conf_cases[i].used);
    conf_cases[i].lose(&scene);
    forget_plugin(&scene);
    REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, NULL, &troubles, &err) && troubles.len == 1, "%s", name);
    ok = renewal_file_put(&scene.fixture.context, &troubles.at[0], &put, &err);
    CHECK(ok == (conf_cases[i].why == NULL) && put == conf_cases[i].put, "%s: %d %d %s", name, ok, put, err.why);
    CHECK(ok || strstr(err.why, conf_cases[i].why) != NULL, "%s: %s", name, err.why);
    if (conf_cases[i].lose == bad_conf) {
        AUTO(free) char *path = path_in(&scene, "renewal/a.test.conf");
        AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

        REQUIRE(file_read(path, &text, &err), "%s: %s", name, err.why);
        CHECK_TEXT(buf_text(&text), BAD_CONF, name);
        CHECK(strstr(troubles.at[0].why, "a.test.conf") != NULL, "%s", name);
    }
    if (!conf_cases[i].put)
        return;
    CHECK_TEXT(trouble_kind_word(troubles.at[0].kind), "guessed", name);
    REQUIRE(lineage_load(scene.fixture.store, "a.test", &lineage, &err), "%s: %s", name, err.why);
    CHECK_TEXT(lineage_layout(lineage), layout, name);
    CHECK_TEXT(conf_get(lineage->conf, "renewalparams", "installer"), "test", name);
}

TEST(renewal_files)
{
    for (size_t i = 0; i < COUNT(conf_cases); i++) {
        run_conf_case(i, "versioned");
        run_conf_case(i, "certbot");
    }
}

/* ---- what is none of ours ---- */

static void put_foreign(const struct scene *scene)
{
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free)
        char *below = xprintf("live/a.test/%s.pem", kind_name((enum kind)kind)), *path = path_in(scene, below);
        AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);

        REQUIRE(file_read(path, &text, &err), "%s", err.why);
        if (kind == KIND_FULLCHAIN || kind == KIND_PRIVKEY)
            write_at(scene, kind == KIND_PRIVKEY ? "live/a.test/shop.key" : "live/a.test/shop.crt", buf_text(&text));
        remove_at(scene, below);
    }
    remove_at(scene, "archive/a.test");
    remove_at(scene, "renewal/a.test.conf");
}

static void add_path(struct list *list, const char *dir, const char *name)
{
    AUTO(free) char *path = file_join(dir, name);

    list_add(list, path);
}

/* A server reads files of other names in the directory of a certificate, which has no renewal file. */
TEST(files_of_other_names)
{
    static const struct {
        const char *name, *lost, *kind;
        bool accepted;
    } rows[] = {
        { "whole", NULL, "well", false },
        { "the key is missing", "live/a.test/shop.key", "foreign", false },
        { "missing, and the server was accepted", "live/a.test/shop.key", "foreign", true },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct setup setup = { .options = "store-layout=certbot" };
        AUTO(troubles_clear) struct troubles troubles = { 0 };
        AUTO(free) char *live = NULL;
        AUTO(list_clear) struct list before = { 0 }, after = { 0 };
        AUTO(scene_close) struct scene scene;
        struct error err = { 0 };
        bool put = false;

        scene_open(&scene, &setup, true);
        put_foreign(&scene);
        live = path_in(&scene, "live/a.test");
        add_path(&scene.use.certs, live, "shop.crt");
        add_path(&scene.use.keys, live, "shop.key");
        scene.use.accepted = rows[i].accepted;
        if (rows[i].lost != NULL)
            remove_at(&scene, rows[i].lost);
        REQUIRE(file_list_dir(live, &before, &err));
        REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, NULL, &troubles, &err) && troubles.len == 1);
        CHECK_TEXT(trouble_kind_word(troubles.at[0].kind), rows[i].kind, rows[i].name);
        CHECK(troubles.at[0].keeps != NULL, "%s", rows[i].name);
        CHECK(stop_gap_put(&scene.fixture.context, &troubles.at[0], &put, &err) && !put, "%s", rows[i].name);
        CHECK(renewal_file_put(&scene.fixture.context, &troubles.at[0], &put, &err) && !put, "%s", rows[i].name);
        REQUIRE(file_list_dir(live, &after, &err));
        CHECK_INT(after.len, before.len, rows[i].name);
    }
}

/* An archive that cannot be moved, and one that cannot be made: the live directory is there as it was. */
TEST(what_was_moved_comes_back)
{
    static const char *const archives[] = { ".set-aside", "/proc/none/a.test" };

    for (size_t i = 0; i < COUNT(archives); i++) {
        const struct setup setup = { .options = "store-layout=versioned" };
        AUTO(troubles_clear) struct troubles troubles = { 0 };
        AUTO(lineage_free) struct lineage *opened = NULL;
        AUTO(free) char *live = NULL, *archive = NULL;
        AUTO(list_clear) struct list before = { 0 }, after = { 0 };
        AUTO(scene_close) struct scene scene;
        struct error err = { 0 };
        bool put = false;

        scene_open(&scene, &setup, false);
        wrong_key(&scene);
        write_at(&scene, "live/a.test/combined.pem", "for another server");
        REQUIRE(lineage_open(scene.fixture.store, "a.test", &opened, &err), "%s", err.why);
        archive = archives[i][0] == '/' ? xstrdup(archives[i]) : path_in(&scene, archives[i]);
        conf_set(opened->conf, "", "archive_dir", archive);
        REQUIRE(lineage_write_conf(opened, opened->conf, &err), "%s", err.why);
        live = path_in(&scene, "live/a.test");
        REQUIRE(file_list_dir(live, &before, &err));
        REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, NULL, &troubles, &err) && troubles.len == 1);
        CHECK(!stop_gap_put(&scene.fixture.context, &troubles.at[0], &put, &err) && !put, "%s", archives[i]);
        REQUIRE(file_list_dir(live, &after, &err));
        CHECK_INT(after.len, before.len, archives[i]);
        CHECK(list_has(&after, "privkey.pem"), "%s: %s", archives[i], err.why);
        /* Repeating works, and what another program keeps there stays there. */
        free(archive);
        archive = path_in(&scene, "archive/a.test");
        conf_set(opened->conf, "", "archive_dir", archive);
        REQUIRE(lineage_write_conf(opened, opened->conf, &err), "%s", err.why);
        error_clear(&err);
        CHECK(stop_gap_put(&scene.fixture.context, &troubles.at[0], &put, &err) && put, "%s: %s", archives[i], err.why);
        REQUIRE(file_list_dir(live, &after, &err));
        CHECK(list_has(&after, "combined.pem"), "%s", archives[i]);
    }
}

/* Expired ones, and names that nobody has. */
TEST(what_else_is_seen)
{
    AUTO(troubles_clear) struct troubles troubles = { 0 };
    AUTO(scene_close) struct scene scene;
    const struct setup setup = { 0 };
    struct error err = { 0 };

    scene_open(&scene, &setup, true);
    lineage_free(fixture_lineage(&scene.fixture, "old.test", "old.test", 100 * FIXTURE_DAY));
    CHECK(!troubles_find(&scene.fixture.context, &scene.uses, "b.test", &troubles, &err) && err.kind == ERROR_CONFIG);
    REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, NULL, &troubles, &err) && troubles.len == 2);
    CHECK_TEXT(trouble_kind_word(troubles.at[0].kind), "well", "a.test");
    CHECK_TEXT(trouble_kind_word(troubles.at[1].kind), "expired", "old.test");
    CHECK(troubles.at[0].use != NULL && troubles.at[1].use == NULL);
}

/* ---- an older version ---- */

static const char *live_key(const struct scene *scene, char **path)
{
    *path = path_in(scene, "live/a.test/privkey.pem");
    return *path;
}

/* The key of the newest version becomes another's; that of the one before stays. */
static void wrong_newest_key(const struct scene *scene)
{
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(key_free) struct key *key = NULL;
    AUTO(free) char *path = NULL;
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err));
    REQUIRE(key_to_pem(key, &pem, &err));
    (void)live_key(scene, &path);
    write_at(scene, file_is_link(path) ? "archive/a.test/privkey2.pem" : "live/a.test/privkey.pem", buf_text(&pem));
}

static void lose_newest_key(const struct scene *scene)
{
    AUTO(free) char *path = NULL;

    (void)live_key(scene, &path);
    if (file_is_link(path))
        remove_at(scene, "archive/a.test/privkey2.pem");
    remove_at(scene, "live/a.test/privkey.pem");
}

static void lose_live(const struct scene *scene)
{
    AUTO(free) char *path = NULL;

    (void)live_key(scene, &path);
    if (file_is_link(path)) /* else health mends the links */
        remove_at(scene, "archive/a.test/fullchain2.pem");
    remove_at(scene, "live/a.test");
}

static void lose_both_keys(const struct scene *scene)
{
    AUTO(free) char *archive = path_in(scene, "archive/a.test");
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    lose_newest_key(scene);
    REQUIRE(file_list_dir(archive, &names, &err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(archive, names.at[i]);
        AUTO(free) char *below = file_is_dir(path) ? xprintf("archive/a.test/%s/privkey.pem", names.at[i]) : NULL;

        if (below != NULL)
            remove_at(scene, below);
        else if (text_starts(names.at[i], "privkey"))
            REQUIRE(file_remove(path, &err));
    }
}

static const struct {
    const char *name;
    void (*lose)(const struct scene *scene);
    int64_t later; /* seconds that pass before somebody looks */
    bool other_names, put;
} older_cases[] = {
    { "nothing is lost", lose_nothing, 0, false, false },
    { "key of another", wrong_newest_key, 0, false, true },
    { "key missing", lose_newest_key, 0, false, true },
    { "live missing", lose_live, 0, false, true },
    { "no key is left", lose_both_keys, 0, false, false },
    { "the older one has expired", wrong_newest_key, 70 * FIXTURE_DAY, false, false },
    { "the newer one has one name more", wrong_newest_key, 0, true, false },
};

static void open_older(struct scene *scene, const struct setup *setup, bool other_names)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(lineage_free) struct lineage *newer = NULL;
    struct buf text[KIND_COUNT] = { BUF(FILE_MAX_TEXT), BUF(FILE_MAX_TEXT), BUF(FILE_MAX_TEXT), BUF(FILE_MAX_TEXT) };
    AUTO(undo) struct undo undo = { 0 };
    AUTO(free) char *id = NULL;
    struct access access;
    struct error err = { 0 };

    fixture_open(&scene->fixture, setup);
    scene->use = (struct use){ .name = NULL };
    scene->uses = (struct uses){ 0 };
    lineage = fixture_lineage(&scene->fixture, "a.test", NAMES, 30 * FIXTURE_DAY);
    newer = fixture_lineage(&scene->fixture, "b.test", other_names ? NAMES " b.test" : NAMES, 2 * FIXTURE_DAY);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        REQUIRE(file_read(newer->current[kind], &text[kind], &err), "%s", err.why);
    REQUIRE(access_of_next(NULL, scene->fixture.settings, &access, &err), "%s", err.why);
    REQUIRE(lineage->layout->add(lineage,
                &(struct issued){ .cert = buf_view(&text[KIND_CERT]),
                    .chain = buf_view(&text[KIND_CHAIN]),
                    .fullchain = buf_view(&text[KIND_FULLCHAIN]),
                    .privkey = buf_view(&text[KIND_PRIVKEY]) },
                &access, &undo, &id, &err),
        "%s", err.why);
    undo_keep(&undo);
    REQUIRE(lineage->layout->deploy(lineage, id, &err), "%s", err.why);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        buf_clear(&text[kind]);
}

static void run_older_case(size_t i, const char *layout)
{
    AUTO(free) char *options = xprintf("store-layout=%s", layout);
    AUTO(free) char *name = xprintf("%s, %s", older_cases[i].name, layout), *id = NULL;
    const struct setup setup = { .options = options };
    AUTO(lineage_free) struct lineage *now = NULL;
    AUTO(troubles_clear) struct troubles troubles = { 0 };
    AUTO(scene_close) struct scene scene;
    struct error err = { 0 };

    open_older(&scene, &setup, older_cases[i].other_names);
    older_cases[i].lose(&scene);
    scene.fixture.ca.now_ms += older_cases[i].later * 1000;
    REQUIRE(troubles_find(&scene.fixture.context, &scene.uses, "a.test", &troubles, &err), "%s: %s", name, err.why);
    REQUIRE(older_version_put(&scene.fixture.context, &troubles.at[0], &id, &err), "%s: %s", name, err.why);
    CHECK((id != NULL) == older_cases[i].put, "%s: %s", name, id == NULL ? "none" : id);
    if (!older_cases[i].put)
        return;
    CHECK_TEXT(trouble_kind_word(troubles.at[0].kind), "well", name);
    REQUIRE(lineage_load(scene.fixture.store, "a.test", &now, &err), "%s: %s", name, err.why);
    CHECK(now->cert->not_before <= FIXTURE_NOW - 29 * FIXTURE_DAY, "%s: the older one", name);
}

TEST(older_versions)
{
    for (size_t i = 0; i < COUNT(older_cases); i++) {
        run_older_case(i, "versioned");
        run_older_case(i, "certbot");
    }
}

TEST_MAIN()

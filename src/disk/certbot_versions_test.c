#include "disk/certbot_versions.h"

#include "base/test.h"

static const struct {
    const char *file_name;
    bool ok;
    unsigned version;
    enum kind kind;
} names[] = {
    { "cert0.pem", false, 0, KIND_CERT },
    { "cert01.pem", false, 0, KIND_CERT },
    { "cert-1.pem", false, 0, KIND_CERT },
    { "cert.pem", false, 0, KIND_CERT },
    { "cert1.pem.bak", false, 0, KIND_CERT },
    { "cert1", false, 0, KIND_CERT },
    { "cert99999999999999999999.pem", false, 0, KIND_CERT },
    { "certs1.pem", false, 0, KIND_CERT },
    { "previous_cert1.pem", false, 0, KIND_CERT },
    { "", false, 0, KIND_CERT },
    { "cert1.pem", true, 1, KIND_CERT },
    { "privkey20.pem", true, 20, KIND_PRIVKEY },
    { "chain300.pem", true, 300, KIND_CHAIN },
    { "fullchain2147483647.pem", true, 2147483647, KIND_FULLCHAIN },
};

TEST(version_parse)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        struct version_file file = { 0 };
        bool ok = version_parse(names[i].file_name, &file);

        CHECK(ok == names[i].ok, "%s", names[i].file_name);
        CHECK_INT(file.version, names[i].version, names[i].file_name);
        CHECK_INT(file.kind, ok ? names[i].kind : 0, names[i].file_name);
    }
}

static const struct {
    const char *name, *files;
    unsigned newest, complete;
} listings[] = {
    { "nothing", "", 0, 0 },
    { "not one is whole", "cert1 privkey1 chain1 cert2 fullchain2", 2, 0 },
    { "one is whole", "cert1 privkey1 chain1 fullchain1", 1, 1 },
    { "begun and not ended", "cert1 privkey1 chain1 fullchain1 cert2 privkey2 chain2", 2, 1 },
    { "gaps, and numbers that sort otherwise as text",
        "cert9 privkey9 chain9 fullchain9 cert10 privkey10 chain10 fullchain10 privkey12 README", 12, 10 },
};

TEST(versions_list)
{
    for (size_t i = 0; i < COUNT(listings); i++) {
        AUTO(versions_clear) struct versions versions = { 0 };
        AUTO(free) char *dir = xprintf("%s/%zu", test_dir(), i);
        char *const dirs[KIND_COUNT] = { dir, dir, dir, dir };
        struct view rest = view_of(listings[i].files), part;
        struct error err = { 0 };

        REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
        while (view_cut(&rest, ' ', &part)) {
            AUTO(free) char *path = xprintf("%s/%.*s.pem", dir, (int)part.len, part.at);

            REQUIRE(part.len == 0 || file_create(path, view_of("x"), FILE_PUBLIC, &err), "%s", err.why);
        }
        REQUIRE(versions_list(dirs, &versions, &err), "%s: %s", listings[i].name, err.why);
        CHECK_INT(versions_newest(&versions), listings[i].newest, listings[i].name);
        CHECK_INT(versions_newest_complete(&versions), listings[i].complete, listings[i].name);
    }
}

/* Links may lead to directories that differ by kind. */
TEST(versions_in_several_directories)
{
    AUTO(versions_clear) struct versions versions = { 0 };
    AUTO(free) char *keys = test_path("keys");
    AUTO(free) char *certs = test_path("certs");
    char *const dirs[KIND_COUNT] = { certs, keys, certs, certs };
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_path(dirs[kind], (enum kind)kind, 1);

        REQUIRE(file_mkdirs(dirs[kind], 0755, &err), "%s", err.why);
        REQUIRE(file_create(path, view_of("x"), FILE_PUBLIC, &err), "%s", err.why);
    }
    REQUIRE(versions_list(dirs, &versions, &err), "%s", err.why);
    CHECK_INT(versions.len, KIND_COUNT, "files found");
    CHECK_INT(versions_newest_complete(&versions), 1, "complete");
    CHECK(versions_have(&versions, (struct version_file){ 1, KIND_PRIVKEY }));
    CHECK(!versions_have(&versions, (struct version_file){ 2, KIND_PRIVKEY }));
}

TEST_MAIN()

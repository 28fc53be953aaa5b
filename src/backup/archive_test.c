/* What an archive may become, by its size. */
#include "backup/archive.h"

#include "base/test.h"

#define MIB ((uint64_t)1 << 20)

static const struct {
    const char *what;
    uint64_t size, members, weight;
    bool fits;
} archives[] = {
    { "a store", 200000, 400, 2 * MIB, true },
    { "a gzip of 100 MiB of zeros", 100000, 3, 100 * MIB, true },
    { "a small one of a large file", 1000, 1, 1024 * MIB + 200000, true },
    { "and more", 1000, 1, 1024 * MIB + 200001, false },
    { "many small files", 8000000, 1010000, 300 * MIB, true },
    { "and more", 8000000, 1010001, 300 * MIB, false },
    { "the most of all", UINT64_MAX, 4000000, 65536 * MIB, true },
    { "more members", UINT64_MAX, 4000001, MIB, false },
    { "more bytes", UINT64_MAX, 1, 65536 * MIB + 1, false },
    { "nothing", 0, 0, 0, true },
};

TEST(in_proportion)
{
    for (size_t i = 0; i < COUNT(archives); i++)
        CHECK_INT(archive_is_in_proportion(archives[i].size, archives[i].members, archives[i].weight), archives[i].fits,
            archives[i].what);
}

TEST_MAIN()

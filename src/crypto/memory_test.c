/* Memory that OpenSSL frees is searched for leftovers of its contents. */
#include "crypto/memory.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/mman.h>

#include "base/test.h"

#define LEN 600
#define WINDOW ((size_t)1 << 20)

/* No copy of the text is kept: it is made again byte by byte. */
static char letter(size_t i)
{
    return (char)('!' + ((uint32_t)(i + 1) * 2654435761U >> 16) % 90);
}

static size_t count_in(const char *at, size_t len)
{
    size_t found = 0;

    for (size_t i = 0; i + LEN / 2 <= len; i++) {
        size_t same = 0;

        while (same < LEN / 2 && at[i + same] == letter(same + LEN / 4))
            same++;
        found += same == LEN / 2;
    }
    return found;
}

/* In every mapping that can be written, but the stack; read by descriptor, so that a sanitizer sees no use after free.
 */
static size_t count_everywhere(void)
{
    AUTO(fclose) FILE *maps = fopen("/proc/self/maps", "re");
    AUTO(close) int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    /* shared, so that it is not among what is searched: it holds what was read before */
    char *room = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char line[512];
    size_t found = 0;

    REQUIRE(maps != NULL && mem >= 0 && room != MAP_FAILED, "/proc is not there");
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || strstr(line, " rw-p ") == NULL ||
            strstr(line, "[stack]") != NULL || to - from > (256UL << 20)) /* a sanitizer's shadow */
            continue;
        for (unsigned long at = from; at < to; at += WINDOW - LEN) {
            size_t want = to - at < WINDOW ? to - at : WINDOW;
            ssize_t got = pread(mem, room, want, (off_t)at);

            if (got > 0)
                found += count_in(room, (size_t)got);
        }
    }
    (void)munmap(room, WINDOW);
    return found;
}

static char *secret(void)
{
    char *at = OPENSSL_malloc(LEN);

    REQUIRE(at != NULL);
    for (size_t i = 0; i < LEN; i++)
        at[i] = letter(i);
    return at;
}

TEST(crypto_memory_is_wiped)
{
    char *at;

    REQUIRE(crypto_wipe_freed(), "OpenSSL has allocated before");
    at = secret();
    CHECK(count_everywhere() == 1, "it is found where it is");
    OPENSSL_free(at);
    CHECK(count_everywhere() == 0, "freed");

    at = OPENSSL_realloc(secret(), 40 * LEN);
    REQUIRE(at != NULL);
    CHECK(count_everywhere() == 1, "moved to a larger place");
    for (size_t i = 0; i < LEN; i++)
        CHECK(at[i] == letter(i), "byte %zu", i);
    OPENSSL_cleanse(at, LEN);
    CHECK(OPENSSL_realloc(at, 0) == NULL, "size 0 frees");
}

TEST_MAIN()

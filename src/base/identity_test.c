#include "base/identity.h"

#include "base/test.h"

TEST(identities)
{
    static const struct {
        uint64_t device, inode;
        const char *text;
    } rows[] = {
        { 0, 0, "0:0" },
        { 1, 15, "1:f" },
        { 0x10, 0x100, "10:100" },
        { 0xfd01, 1234567890, "fd01:499602d2" },
        { UINT64_MAX, UINT64_MAX, "ffffffffffffffff:ffffffffffffffff" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct stat st = { .st_dev = (dev_t)rows[i].device, .st_ino = (ino_t)rows[i].inode };
        char text[IDENTITY_SIZE];

        identity_of(&st, text);
        if ((uint64_t)st.st_ino == rows[i].inode && (uint64_t)st.st_dev == rows[i].device) /* may be 32 bits */
            CHECK_TEXT(text, rows[i].text, rows[i].text);
    }
}

TEST_MAIN()

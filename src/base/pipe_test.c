#include "base/pipe.h"

#include <errno.h>
#include <fcntl.h>

#include "base/test.h"

static void open_to_read(int *ours, int *theirs)
{
    struct error err = { 0 };

    REQUIRE(pipe_open(ours, theirs, false, ERROR_HOOK, &err), "%s", err.why);
}

TEST(pipe_ends_are_not_inherited_and_only_ours_does_not_block)
{
    for (int we_write = 0; we_write <= 1; we_write++) {
        int ours = -1, theirs = -1;
        struct error err = { 0 };
        char byte = 0;

        REQUIRE(pipe_open(&ours, &theirs, we_write, ERROR_HOOK, &err), "%s", err.why);
        CHECK((fcntl(ours, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(theirs, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((fcntl(ours, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(theirs, F_GETFL) & O_NONBLOCK) == 0);
        CHECK(write(we_write ? ours : theirs, "x", 1) == 1 && read(we_write ? theirs : ours, &byte, 1) == 1 &&
              byte == 'x');
        pipe_close(&ours);
        pipe_close(&theirs);
        CHECK(ours == -1 && theirs == -1);
        pipe_close(&ours);
    }
}

TEST(pipe_drain_takes_what_is_there_and_counts_what_does_not_fit)
{
    AUTO(buf_clear) struct buf some = BUF(5);
    size_t dropped = 0;
    int ours, theirs;

    open_to_read(&ours, &theirs);
    pipe_drain(&ours, &some, &dropped);
    CHECK(ours >= 0 && some.len == 0 && dropped == 0, "nothing is there yet");
    REQUIRE(write(theirs, "abc", 3) == 3);
    pipe_drain(&ours, &some, &dropped);
    CHECK(ours >= 0 && some.len == 3 && dropped == 0);
    REQUIRE(write(theirs, "defgh", 5) == 5);
    pipe_drain(&ours, &some, &dropped);
    CHECK(ours >= 0 && view_is(buf_view(&some), "abcde") && dropped == 3, "%zu dropped", dropped);
    pipe_close(&theirs);
    pipe_drain(&ours, &some, &dropped);
    CHECK(ours == -1 && some.len == 5 && dropped == 3, "the end");
    pipe_drain(&ours, &some, &dropped);
}

/* More than one call takes at once: a child may write as fast as it is read. */
TEST(pipe_drain_returns_while_more_comes)
{
    AUTO(buf_clear) struct buf nothing = BUF(0);
    size_t dropped = 0;
    int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);

    REQUIRE(zeros >= 0);
    pipe_drain(&zeros, &nothing, &dropped);
    CHECK(zeros >= 0 && dropped > 0 && dropped <= (size_t)4 * 1024 * 1024, "%zu bytes", dropped);
    pipe_close(&zeros);
}

TEST_MAIN()

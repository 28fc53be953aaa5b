#include "preflight/own_addresses.h"

#include "base/test.h"

TEST(passing_addresses)
{
    static const char text[] = "00000000000000000000000000000001 01 80 10 80       lo\n"
                               "20010db8000000000000000000000001 02 40 00 80     eth0\n"
                               "20010db80000000000000000000000aa 02 40 00 01     eth0\n"
                               "20010db80000000000000000000000bb 02 40 00 20     eth0\n"
                               "20010db80000000000000000000000cc 02 40 00 00     eth0\n"
                               "20010db80000000000000000000000dd 02 40 00\n"
                               "20010db8 02 40 00 01     eth0\n"
                               "xx010db80000000000000000000000ee 02 40 00 01 eth0\n"
                               "\n"
                               "20010db80000000000000000000000ff 02 40 00 01";
    AUTO(list_clear) struct list passing = { 0 };
    AUTO(free) char *all = NULL;

    own_addresses_read_passing(view_of(text), &passing);
    all = list_join(&passing, " ");
    CHECK_TEXT(all, "2001:db8::aa 2001:db8::bb 2001:db8::ff", "passing");
}

TEST_MAIN()

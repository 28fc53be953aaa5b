#include "base/test.h"

#include "acme/transport.h"
#include "base/clock.h"

TEST(the_real_clock)
{
    struct transport transport = transport_of_net(NULL);
    struct error err = { 0 };
    int64_t before = clock_monotonic_ms(), apart;

    CHECK(transport.sleep_ms(transport.self, 30, &err), "%s", err.why);
    CHECK(clock_monotonic_ms() - before >= 30, "it did not wait");
    apart = transport.now(transport.self) - clock_now();
    CHECK(apart >= -1 && apart <= 1, "%lld s apart", (long long)apart);
}

TEST_MAIN()

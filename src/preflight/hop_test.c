#include "base/test.h"

#include "preflight/hop.h"

static const struct {
    const char *url;
    enum hop hop;
} hops[] = {
    { "http://a.example/x", HOP_SAME },
    { "HTTP://A.Example./", HOP_SAME },
    { "http://a.example:80?x", HOP_SAME },
    { "https://a.example/.well-known/acme-challenge/x", HOP_SECURE },
    { "https://a.example:443", HOP_SECURE },
    { "https://www.a.example/", HOP_AWAY },
    { "http://example/", HOP_AWAY },
    { "https://a.example:8443/", HOP_REFUSED },
    { "https://a.example:80/", HOP_REFUSED },
    { "http://a.example:443/", HOP_REFUSED },
    { "http://192.0.2.1/", HOP_REFUSED },
    { "http://[2001:db8::1]/", HOP_REFUSED },
    { "http://u@a.example/", HOP_REFUSED },
    { "http:///x", HOP_REFUSED },
    { "http://", HOP_REFUSED },
    { "ftp://a.example/", HOP_REFUSED },
    { "", HOP_REFUSED },
};

TEST(hop_judge)
{
    for (size_t i = 0; i < COUNT(hops); i++)
        CHECK_INT(hop_judge("a.example", hops[i].url), hops[i].hop, hops[i].url);
}

TEST_MAIN()

/* Every message: written and read again, cut at every byte, with a byte behind it, and with fields out of bounds. */
#include "net/message.h"

#include "base/test.h"

static void put_hello(struct buf *out)
{
    message_put_hello(
        out, 1, &(struct message_hello){ view_of("agent"), true, 1000, 2000, MESSAGE_TRUST_BOTH, view_of("PEM") });
}

static bool get_hello(struct view fields)
{
    struct message_hello hello;

    return message_get_hello(fields, &hello) && view_is(hello.user_agent, "agent") && hello.no_verify &&
           hello.connect_timeout_ms == 1000 && hello.silence_timeout_ms == 2000 && hello.trust == MESSAGE_TRUST_BOTH &&
           view_is(hello.bundle, "PEM");
}

static void put_ready(struct buf *out)
{
    message_put_ready(out, 1, &(struct message_ready){ 7, true, 65534, "it stays root: no" });
}

static bool get_ready(struct view fields)
{
    struct message_ready ready;

    return message_get_ready(fields, &ready) && ready.landlock == 7 && ready.seccomp && ready.uid == 65534 &&
           strcmp(ready.lacks, "it stays root: no") == 0;
}

static void put_request(struct buf *out)
{
    message_put_request(out, 1,
        &(struct message_request){ .method = HTTP_POST,
            .url = view_of("https://ca/new"),
            .content_type = view_of("application/jose+json"),
            .accept = view_of(""),
            .body = view_of("{}"),
            .max_body = 9,
            .timeout_ms = 8,
            .silence_ms = 7,
            .follow = false,
            .stream = true,
            .guarded = true,
            .home = view_of("https://ca/dir"),
            .at = view_of(""),
            .direct = true,
            .field_count = 2,
            .fields = { { view_of("X-Api-Key"), view_of("s3cret"), true },
                { view_of("If-Match"), view_of(""), false } },
            .wanted_count = 1,
            .wanted = { view_of("Retry-After") },
            .trust = view_of("roots"),
            .client_cert = view_of("cert"),
            .client_key = view_of("key") });
}

static bool get_added(const struct message_request *request)
{
    return request->field_count == 2 && view_is(request->fields[0].name, "X-Api-Key") &&
           view_is(request->fields[0].value, "s3cret") && request->fields[0].secret &&
           view_is(request->fields[1].name, "If-Match") && request->fields[1].value.len == 0 &&
           !request->fields[1].secret && request->wanted_count == 1 && view_is(request->wanted[0], "Retry-After") &&
           view_is(request->trust, "roots") && view_is(request->client_cert, "cert") &&
           view_is(request->client_key, "key");
}

static bool get_request(struct view fields)
{
    struct message_request request;

    return message_get_request(fields, &request) && get_added(&request) && request.method == HTTP_POST &&
           view_is(request.url, "https://ca/new") && view_is(request.content_type, "application/jose+json") &&
           request.accept.len == 0 && view_is(request.body, "{}") && request.max_body == 9 && request.timeout_ms == 8 &&
           request.silence_ms == 7 && !request.follow && request.stream && request.guarded &&
           view_is(request.home, "https://ca/dir") && request.at.len == 0 && request.direct;
}

static void put_response(struct buf *out)
{
    message_put_response(out, 1,
        &(struct message_response){ .status = 201,
            .url = view_of("https://ca/1"),
            .header_count = 2,
            .headers = { { view_of("Location"), view_of("/1") }, { view_of("Empty"), view_of("") } },
            .body = { "a\0b", 3 },
            .more = true });
}

static bool get_response(struct view fields)
{
    struct message_response response;

    return message_get_response(fields, &response) && response.status == 201 && response.header_count == 2 &&
           view_is(response.headers[0].value, "/1") && view_is(response.headers[1].name, "Empty") &&
           response.body.len == 3 && response.more;
}

static void put_read(struct buf *out)
{
    message_put_read(out, 1, &(struct message_read){ 0xfffffffe, 77 });
}

static bool get_read(struct view fields)
{
    struct message_read read;

    return message_get_read(fields, &read) && read.exchange == 0xfffffffe && read.timeout_ms == 77;
}

static void put_data(struct buf *out)
{
    message_put_data(out, 1, &(struct message_data){ { "a\0b", 3 }, true });
}

static bool get_data(struct view fields)
{
    struct message_data data;

    return message_get_data(fields, &data) && data.piece.len == 3 && data.more;
}

static void put_dns(struct buf *out)
{
    message_put_dns(out, 1, &(struct message_dns){ view_of("fe80::1%eth0"), 5353, true, { "a\0b", 3 }, 99 });
}

static bool get_dns(struct view fields)
{
    struct message_dns dns;

    return message_get_dns(fields, &dns) && view_is(dns.server, "fe80::1%eth0") && dns.port == 5353 && dns.tcp &&
           dns.message.len == 3 && dns.timeout_ms == 99;
}

static void put_dns_answer(struct buf *out)
{
    struct message_record records[] = { { 0, view_of("a.example"), 257, 7, { "\0", 1 } },
        { 2, view_of("."), 1, UINT32_MAX, { "", 0 } } };

    message_put_dns_answer(out, 1,
        &(struct message_dns_answer){
            0xfff, true, false, true, MESSAGE_NO_EDE, 12, view_of("::1"), { "0123456789abc", 13 }, 2, records });
}

static bool get_dns_answer(struct view fields)
{
    AUTO(message_dns_answer_clear) struct message_dns_answer answer = { 0 };

    return message_get_dns_answer(fields, &answer) && answer.rcode == 0xfff && answer.aa && !answer.tc && answer.ad &&
           answer.ede == MESSAGE_NO_EDE && answer.tsig_at == 12 && view_is(answer.server, "::1") &&
           answer.wire.len == 13 && answer.record_count == 2 && view_is(answer.records[0].name, "a.example") &&
           answer.records[0].type == 257 && answer.records[0].data.len == 1 && answer.records[1].section == 2 &&
           answer.records[1].ttl == UINT32_MAX;
}

static void put_probe(struct buf *out)
{
    message_put_probe(out, 1,
        &(struct message_probe){
            view_of("::1"), 25, view_of("mx.example"), view_of("h2,x"), view_of("smtp"), PROBE_ECDSA, 5, true });
}

static bool get_probe(struct view fields)
{
    struct message_probe probe;

    return message_get_probe(fields, &probe) && view_is(probe.address, "::1") && probe.port == 25 &&
           view_is(probe.sni, "mx.example") && view_is(probe.alpn, "h2,x") && view_is(probe.starttls, "smtp") &&
           probe.key == PROBE_ECDSA && probe.timeout_ms == 5 && probe.verify;
}

static void put_probed(struct buf *out)
{
    message_put_probed(out, 1,
        &(struct message_probed){ view_of("TLSv1.3"), view_of("AES"), view_of(""), 2,
            { { "a\0b", 3 }, view_of("second") }, PROBE_INCOMPLETE, view_of("why"), view_of("") });
}

static bool get_probed(struct view fields)
{
    struct message_probed probed;

    return message_get_probed(fields, &probed) && view_is(probed.version, "TLSv1.3") && view_is(probed.cipher, "AES") &&
           probed.alpn.len == 0 && probed.count == 2 && probed.chain[0].len == 3 &&
           view_is(probed.chain[1], "second") && probed.trust == PROBE_INCOMPLETE && view_is(probed.why, "why") &&
           probed.weak.len == 0;
}

static void put_failed(struct buf *out)
{
    message_put_failed(out, 1, &(struct message_failed){ MESSAGE_FAILURE_CANCELED, view_of("why"), view_of("next") });
}

static bool get_failed(struct view fields)
{
    struct message_failed failed;

    return message_get_failed(fields, &failed) && failed.kind == MESSAGE_FAILURE_CANCELED &&
           view_is(failed.why, "why") && view_is(failed.next, "next");
}

static void put_listen(struct buf *out)
{
    message_put_listen(out, 1, &(struct message_listen){ RESPONDER_ALPN, 15, 2 });
}

static bool get_listen(struct view fields)
{
    struct message_listen listen;

    return message_get_listen(fields, &listen) && listen.responder == RESPONDER_ALPN && listen.place == 15 &&
           listen.sockets == 2;
}

static void put_unlisten(struct buf *out)
{
    message_put_unlisten(out, 1, &(struct message_listen){ RESPONDER_ALPN, 15, 0 });
}

static bool get_unlisten(struct view fields)
{
    struct message_listen listen;

    return message_get_unlisten(fields, &listen) && listen.responder == RESPONDER_ALPN && listen.place == 15;
}

#define DIGEST ((struct view){ "0123456789abcdef0123456789abcde\0", NET_DIGEST_SIZE })

static void put_alpn_add(struct buf *out)
{
    message_put_alpn_add(out, 1, &(struct message_alpn){ view_of("a.example"), DIGEST });
}

static bool get_alpn_add(struct view fields)
{
    struct message_alpn alpn;

    return message_get_alpn_add(fields, &alpn) && view_is(alpn.identifier, "a.example") &&
           view_equal(alpn.digest, DIGEST);
}

static void put_alpn_remove(struct buf *out)
{
    message_put_alpn_remove(out, 1, &(struct message_alpn){ view_of("::1"), { 0 } });
}

static bool get_alpn_remove(struct view fields)
{
    struct message_alpn alpn;

    return message_get_alpn_remove(fields, &alpn) && view_is(alpn.identifier, "::1");
}

static void put_add(struct buf *out)
{
    message_put_add(out, 1, &(struct message_token){ view_of("tok-en_9"), view_of("tok-en_9.print") });
}

static bool get_add(struct view fields)
{
    struct message_token token;

    return message_get_add(fields, &token) && view_is(token.token, "tok-en_9") &&
           view_is(token.content, "tok-en_9.print");
}

static void put_remove(struct buf *out)
{
    message_put_remove(out, 1, &(struct message_token){ view_of("T"), { 0 } });
}

static bool get_remove(struct view fields)
{
    struct message_token token;

    return message_get_remove(fields, &token) && view_is(token.token, "T");
}

static void put_visit(struct buf *out)
{
    message_put_visit(
        out, &(struct message_visit){ view_of("192.0.2.1"), { "GET /\0 HTTP/1.1", 15 }, view_of("HTTP status 404") });
}

static bool get_visit(struct view fields)
{
    struct message_visit visit;

    return message_get_visit(fields, &visit) && view_is(visit.from, "192.0.2.1") && visit.question.len == 15 &&
           view_is(visit.given, "HTTP status 404");
}

static const struct {
    const char *name;
    void (*put)(struct buf *out);
    bool (*get)(struct view fields);
    bool from_privileged;
} messages[] = {
    { "HELLO", put_hello, get_hello, true },
    { "READY", put_ready, get_ready, false },
    { "REQUEST", put_request, get_request, true },
    { "RESPONSE", put_response, get_response, false },
    { "READ", put_read, get_read, true },
    { "DATA", put_data, get_data, false },
    { "DNS", put_dns, get_dns, true },
    { "DNS_ANSWER", put_dns_answer, get_dns_answer, false },
    { "PROBE", put_probe, get_probe, true },
    { "PROBED", put_probed, get_probed, false },
    { "FAILED", put_failed, get_failed, false },
    { "LISTEN", put_listen, get_listen, true },
    { "UNLISTEN", put_unlisten, get_unlisten, true },
    { "ADD", put_add, get_add, true },
    { "REMOVE", put_remove, get_remove, true },
    { "ALPN_ADD", put_alpn_add, get_alpn_add, true },
    { "ALPN_REMOVE", put_alpn_remove, get_alpn_remove, true },
    { "VISIT", put_visit, get_visit, false },
};

TEST(message_round_trip_and_every_cut)
{
    for (size_t i = 0; i < COUNT(messages); i++) {
        AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
        struct wire_frame frame;

        messages[i].put(&out);
        REQUIRE(wire_peek(buf_view(&out), messages[i].from_privileged ? message_max_question : message_max_answer,
                    &frame) == WIRE_WHOLE,
            "%s", messages[i].name);
        CHECK(wire_peek(buf_view(&out), messages[i].from_privileged ? message_max_answer : message_max_question,
                  &frame) == WIRE_BROKEN,
            "%s may come from one side only", messages[i].name);
        CHECK(messages[i].get(frame.fields), "%s", messages[i].name);
        for (size_t len = 0; len < frame.fields.len; len++)
            CHECK(!messages[i].get((struct view){ frame.fields.at, len }), "%s cut to %zu", messages[i].name, len);
        CHECK(!messages[i].get((struct view){ out.at + WIRE_HEAD, frame.fields.len + 1 }), "%s and a byte",
            messages[i].name); /* the NUL that ends every buf */
    }
}

/* Reads the request that put_request makes, with one thing changed. */
static bool request_with(struct message_request request)
{
    AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
    struct message_request got;

    message_put_request(&out, 1, &request);
    return message_get_request((struct view){ out.at + WIRE_HEAD, out.len - WIRE_HEAD }, &got);
}

TEST(message_request_bounds)
{
    AUTO(free) char *longer = xcalloc(1, MESSAGE_MAX_URL + 2);
    struct message_request good = { .url = view_of("http://x/"),
        .content_type = view_of("a"),
        .accept = view_of("b"),
        .body = view_of(""),
        .home = view_of(""),
        .at = view_of(""),
        .max_body = HTTP_MAX_LARGE_BODY,
        .timeout_ms = 1 };
    struct message_request bad;

    memset(longer, 'x', MESSAGE_MAX_URL + 1);
    CHECK(request_with(good), "good");
    bad = good;
    bad.url = view_of(longer);
    CHECK(!request_with(bad), "URL too long");
    bad = good;
    bad.url = (struct view){ "a\0b", 3 };
    CHECK(!request_with(bad), "NUL in a URL");
    bad = good;
    bad.home = view_of(longer);
    CHECK(!request_with(bad), "the CA's URL too long");
    bad = good;
    bad.at = view_of("[2001:db8::1%eth0]:8080");
    CHECK(request_with(bad), "at an address");
    bad.follow = true;
    CHECK(!request_with(bad), "at an address, and elsewhere");
    bad.follow = false;
    bad.guarded = true;
    CHECK(!request_with(bad), "at an address, and guarded");
    bad = good;
    bad.at = (struct view){ longer, MESSAGE_MAX_AT + 1 };
    CHECK(!request_with(bad), "an address that is none");
    bad = good;
    bad.accept = view_of("a\r\nHost: b");
    CHECK(!request_with(bad), "a header smuggled into Accept");
    bad = good;
    bad.content_type = view_of("a\nX: b");
    CHECK(!request_with(bad), "a header smuggled into Content-Type");
    bad = good;
    bad.max_body = HTTP_MAX_LARGE_BODY + 1;
    CHECK(!request_with(bad), "max_body");
    bad = good;
    bad.method = (enum http_method)(HTTP_DELETE + 1);
    CHECK(!request_with(bad), "method");
    bad = good;
    bad.timeout_ms = MESSAGE_MAX_TIMEOUT_MS + 1;
    CHECK(!request_with(bad), "time-out");
    bad = good;
    bad.client_cert = view_of("a certificate");
    CHECK(!request_with(bad), "a client's certificate without its key");
    bad = good;
    bad.wanted_count = 1;
    bad.wanted[0] = view_of("a b");
    CHECK(!request_with(bad), "a wanted field that is none");
}

static const struct {
    const char *name;
    struct view field, value;
    bool ok;
} fields[] = {
    { "plain", { "Authorization", 13 }, { "Bearer a.b-c", 12 }, true },
    { "every kind of character", { "aZ9!#$%&'*+-.^_`|~", 18 }, { "\t \"\\\xff~", 6 }, true },
    { "empty value", { "If-Match", 8 }, { "", 0 }, true },
    { "empty name", { "", 0 }, { "a", 1 }, false },
    { "a colon", { "a:", 2 }, { "a", 1 }, false },
    { "a blank", { "a b", 3 }, { "a", 1 }, false },
    { "a line end in the name", { "a\r\nb", 4 }, { "a", 1 }, false },
    { "a NUL in the name", { "a\0", 2 }, { "a", 1 }, false },
    { "not ASCII", { "\xc3\xa4", 2 }, { "a", 1 }, false },
    { "a line feed in the value", { "a", 1 }, { "a\nb: c", 6 }, false },
    { "a carriage return in the value", { "a", 1 }, { "a\rb", 3 }, false },
    { "a NUL in the value", { "a", 1 }, { "a\0b", 3 }, false },
    { "an escape in the value", { "a", 1 }, { "\x1b[", 2 }, false },
    { "a DEL in the value", { "a", 1 }, { "\x7f", 1 }, false },
    { "the connection's", { "Content-Length", 14 }, { "5", 1 }, false },
    { "the connection's, in capitals", { "TRANSFER-ENCODING", 17 }, { "chunked", 7 }, false },
    { "ours", { "user-agent", 10 }, { "a", 1 }, false },
    { "whom it is for", { "Host", 4 }, { "a", 1 }, false },
};

TEST(message_fields)
{
    AUTO(free) char *longer = xcalloc(1, MESSAGE_MAX_VALUE + 2);

    for (size_t i = 0; i < COUNT(fields); i++) {
        struct message_request request = { .url = view_of("http://x/"), .body = view_of(""), .field_count = 1 };

        request.content_type = request.accept = request.home = request.at = view_of("");
        request.trust = request.client_cert = request.client_key = view_of("");
        request.fields[0].name = fields[i].field;
        request.fields[0].value = fields[i].value;
        CHECK(message_is_field(fields[i].field, fields[i].value) == fields[i].ok, "%s", fields[i].name);
        CHECK(request_with(request) == fields[i].ok, "%s, in a request", fields[i].name);
    }
    memset(longer, 'x', MESSAGE_MAX_VALUE + 1);
    CHECK(message_is_field(view_of("a"), (struct view){ longer, MESSAGE_MAX_VALUE }), "the longest value");
    CHECK(!message_is_field(view_of("a"), view_of(longer)), "a longer one");
    CHECK(!message_is_field((struct view){ longer, MESSAGE_MAX_NAME + 1 }, view_of("")), "a longer name");
}

TEST(message_response_count_of_headers)
{
    AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
    struct message_response got;

    wire_put_u32(&out, 200);
    wire_put_bytes(&out, view_of(""));
    wire_put_u32(&out, HTTP_MAX_HEADERS + 1);
    for (int i = 0; i < 2 * (HTTP_MAX_HEADERS + 1) + 1; i++)
        wire_put_bytes(&out, view_of(""));
    CHECK(!message_get_response(buf_view(&out), &got), "one header more than there is room");
}

TEST(message_tokens)
{
    static const struct {
        const char *name, *token;
        bool ok;
    } cases[] = {
        { "empty", "", false },
        { "slash", "a/b", false },
        { "dots", "..", false },
        { "padding", "YQ==", false },
        { "blank", "a b", false },
        { "not ASCII", "\303\244", false },
        { "percent", "%41", false },
        { "all kinds", "aZ09-_", true },
    };
    char longest[MESSAGE_MAX_TOKEN + 2] = { 0 };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(message_is_token(view_of(cases[i].token)) == cases[i].ok, "%s", cases[i].name);
    memset(longest, 'a', MESSAGE_MAX_TOKEN);
    CHECK(message_is_token(view_of(longest)), "longest");
    longest[MESSAGE_MAX_TOKEN] = 'a';
    CHECK(!message_is_token(view_of(longest)), "too long");
}

TEST(message_responders)
{
    struct message_listen listen;

    CHECK(!message_get_listen((struct view){ "\2\0\1", 3 }, &listen), "an unknown responder listens");
    CHECK(!message_get_listen((struct view){ "\1\20\1", 3 }, &listen), "a place too many");
    CHECK(!message_get_listen((struct view){ "\1\0\0", 3 }, &listen), "without sockets");
    CHECK(!message_get_unlisten((struct view){ "\2\0", 2 }, &listen), "an unknown responder is closed");
    CHECK(!message_get_unlisten((struct view){ "\1\20", 2 }, &listen), "a place too many is closed");
}

static const struct {
    const char *name;
    struct view identifier;
    bool ok;
} identifiers[] = {
    { "a name", { "a.example", 9 }, true },
    { "one label", { "localhost", 9 }, true },
    { "capitals, digits, hyphens, underscores", { "_A-9.xn--bcher-kva.example", 26 }, true },
    { "IPv4", { "192.0.2.1", 9 }, true },
    { "IPv6", { "2001:db8::1", 11 }, true },
    { "empty", { "", 0 }, false },
    { "a wildcard", { "*.example", 9 }, false },
    { "an empty label", { "a..b", 4 }, false },
    { "a dot at the end", { "a.", 2 }, false },
    { "a dot at the beginning", { ".a", 2 }, false },
    { "a blank", { "a b", 3 }, false },
    { "a slash", { "a/b", 3 }, false },
    { "a line feed", { "a\nb", 4 - 1 }, false },
    { "not ASCII", { "\xc3\xa4", 2 }, false },
    { "a NUL", { "a\0b", 3 }, false },
    { "an address and a NUL", { "::1\0x", 5 }, false },
    { "a zone", { "fe80::1%eth0", 12 }, false },
    { "brackets", { "[::1]", 5 }, false },
};

TEST(message_identifiers)
{
    char longest[MESSAGE_MAX_IDENTIFIER + 2] = { 0 };

    for (size_t i = 0; i < COUNT(identifiers); i++)
        CHECK(message_is_identifier(identifiers[i].identifier) == identifiers[i].ok, "%s", identifiers[i].name);
    memset(longest, 'a', MESSAGE_MAX_IDENTIFIER + 1);
    CHECK(message_is_identifier((struct view){ longest, 63 }), "the longest label");
    CHECK(!message_is_identifier((struct view){ longest, 64 }), "a longer label");
    longest[63] = longest[127] = longest[191] = '.';
    CHECK(message_is_identifier((struct view){ longest, MESSAGE_MAX_IDENTIFIER }), "the longest name");
    CHECK(!message_is_identifier((struct view){ longest, MESSAGE_MAX_IDENTIFIER + 1 }), "a longer name");
}

TEST(message_digest_has_one_size)
{
    AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
    struct message_alpn got;

    message_put_alpn_add(&out, 1, &(struct message_alpn){ view_of("a.example"), { DIGEST.at, NET_DIGEST_SIZE - 1 } });
    CHECK(!message_get_alpn_add((struct view){ out.at + WIRE_HEAD, out.len - WIRE_HEAD }, &got), "shorter");
}

TEST(message_failed_is_cut_not_lost)
{
    AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
    AUTO(free) char *text = xcalloc(1, 5001);
    struct message_failed got;

    memset(text, 'w', 5000);
    message_put_failed(&out, 1, &(struct message_failed){ MESSAGE_FAILURE_NETWORK, view_of(text), view_of(text) });
    REQUIRE(message_get_failed((struct view){ out.at + WIRE_HEAD, out.len - WIRE_HEAD }, &got), "read");
    CHECK_INT(got.why.len, MESSAGE_MAX_WHY, "why");
    CHECK_INT(got.next.len, MESSAGE_MAX_NEXT, "next");
}

TEST_MAIN()

#include "client/name_server.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/file.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_MAX (64 * 1024)
#define OURSELVES "127.0.0.1"

static bool read_v6(const char *text, const char *zone, uint16_t port, struct name_server *out)
{
    struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

    if (inet_pton(AF_INET6, text, &at.sin6_addr) != 1)
        return false;
    if (zone != NULL && (at.sin6_scope_id = if_nametoindex(zone)) == 0)
        return false;
    memcpy(&out->at, &at, sizeof at);
    out->len = sizeof at;
    return true;
}

static bool read_v4(const char *text, uint16_t port, struct name_server *out)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

    if (inet_pton(AF_INET, text, &at.sin_addr) != 1)
        return false;
    memcpy(&out->at, &at, sizeof at);
    out->len = sizeof at;
    return true;
}

bool name_server_read(struct view text, uint16_t port, struct name_server *out)
{
    struct name_server server = { .len = 0 };
    char address[MESSAGE_MAX_SERVER + 1] = { 0 };
    char *zone;

    if (text.len == 0 || text.len >= sizeof address || view_has(text, '\0'))
        return false;
    memcpy(address, text.at, text.len);
    memcpy(server.text, text.at, text.len);
    zone = strchr(address, '%');
    if (zone != NULL)
        *zone++ = '\0';
    if (!read_v6(address, zone, port, &server) && (zone != NULL || !read_v4(address, port, &server)))
        return false;
    *out = server;
    return true;
}

/* The word at the start of *rest, which moves behind it. */
static struct view take_word(struct view *rest)
{
    struct view word;

    *rest = view_trim(*rest);
    word = (struct view){ rest->at, 0 };
    while (word.len < rest->len && rest->at[word.len] != ' ' && rest->at[word.len] != '\t')
        word.len++;
    rest->at += word.len;
    rest->len -= word.len;
    return word;
}

size_t name_servers_of(struct view text, uint16_t port, struct name_server out[static NAME_SERVERS_MAX])
{
    struct view line;
    size_t count = 0;

    while (count < NAME_SERVERS_MAX && view_cut(&text, '\n', &line))
        if (view_is(take_word(&line), "nameserver") && name_server_read(take_word(&line), port, &out[count]))
            count++;
    if (count == 0 && name_server_read(view_of(OURSELVES), port, &out[0]))
        count = 1;
    return count;
}

size_t name_servers_of_system(uint16_t port, struct name_server out[static NAME_SERVERS_MAX])
{
    AUTO(buf_clear) struct buf text = BUF(RESOLV_CONF_MAX);
    struct error ignored = { 0 }; /* no file, no servers named: resolv.conf(5) then means this machine */

    if (!file_read(RESOLV_CONF, &text, &ignored))
        buf_clear(&text);
    return name_servers_of(buf_view(&text), port, out);
}

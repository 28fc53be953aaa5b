#include "preflight/own_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define PASSING (0x01U | 0x20U) /* IFA_F_TEMPORARY, IFA_F_DEPRECATED of linux/if_addr.h */
#define FIELD_FLAGS 4           /* address, number, length of prefix, scope, flags, interface */

/* Reads that many bytes in hex digits; false: it is something else. */
static bool read_hex(struct view text, size_t bytes, unsigned char *out)
{
    AUTO(buf_clear) struct buf read = BUF(16);

    if (!buf_put_unhex(&read, text) || read.len != bytes)
        return false;
    memcpy(out, read.at, bytes);
    return true;
}

static void read_line(struct view line, struct list *passing)
{
    unsigned char address[16], flags;
    char text[INET6_ADDRSTRLEN];
    struct view rest = line, word;
    size_t field = 0;

    while (view_cut(&rest, ' ', &word)) {
        if (word.len == 0)
            continue;
        if (field == 0 && !read_hex(word, sizeof address, address))
            return;
        if (field++ == FIELD_FLAGS) {
            if (read_hex(word, 1, &flags) && (flags & PASSING) != 0 &&
                inet_ntop(AF_INET6, address, text, sizeof text) != NULL)
                list_add(passing, text);
            return;
        }
    }
}

void own_addresses_read_passing(struct view text, struct list *passing)
{
    struct view line;

    while (view_cut(&text, '\n', &line))
        read_line(line, passing);
}

static void add(const struct sockaddr *address, struct list *all)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        if (inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text) != NULL)
            list_add(all, text);
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        if (inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text) != NULL)
            list_add(all, text);
    }
}

void own_addresses(struct list *all, struct list *passing)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error ignored = { 0 };
    struct ifaddrs *found;

    if (getifaddrs(&found) != 0)
        return; /* then none is known to be ours */
    for (const struct ifaddrs *at = found; at != NULL; at = at->ifa_next)
        if (at->ifa_addr != NULL)
            add(at->ifa_addr, all);
    freeifaddrs(found);
    if (passing != NULL && file_read("/proc/net/if_inet6", &text, &ignored))
        own_addresses_read_passing(buf_view(&text), passing);
}

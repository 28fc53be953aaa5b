#pragma once
/*
 * What passes between evercert and evercert-archive: the members of an archive, one after the other, as frames
 * (net/wire.h). The same in both directions: towards the program, which makes an archive of them, and from it, which
 * has found them in one.
 *
 * Knows how a member lies in a frame, and its bounds; knows nothing of files and archives. Neither side trusts the
 * other.
 */
#include "net/wire.h"

#define MEMBER_MAX_NAME 4096          /* bytes of a path or a link's text */
#define MEMBER_MAX_ACL (32 * 1024)    /* bytes of an access control list, as text */
#define MEMBER_MAX_OWNER 256          /* bytes of a user's or group's name */
#define MEMBER_MAX_LABEL 1024         /* bytes of a security label */
#define MEMBER_MAX_DATA (64 * 1024)   /* bytes of content in one frame */
#define MEMBER_MAX_FAILURE 1024       /* bytes of a reason */
#define MEMBER_MAX_FRAME (128 * 1024) /* bytes of any frame */

enum member_frame {
    MEMBER_HEAD = 1, /* a member begins; its content follows in frames of data */
    MEMBER_DATA,     /* some of its content */
    MEMBER_END,      /* the archive is whole: nothing follows */
    MEMBER_FAILED,   /* it is not: a text says why, and nothing follows */
};

enum member_type {
    MEMBER_FILE, /* content of `size` bytes follows */
    MEMBER_DIR,
    MEMBER_LINK,   /* a symbolic link; target: its text */
    MEMBER_SECOND, /* another name of a file that came before; target: that name */
    MEMBER_OTHER,  /* what has no place here (a device, a FIFO, a socket) */
};

/* All views are borrowed, and without NUL bytes. */
struct member {
    enum member_type type;
    struct view name, target;
    uint32_t mode; /* permissions, with set-id bits and the sticky one */
    uint32_t uid, gid;
    struct view owner, group; /* names; "": not known */
    uint64_t size;
    int64_t modified; /* UTC seconds since 1970 */
    uint32_t modified_ns;
    struct view acl, default_acl; /* as acl_text.h has them; "": no more than the mode says */
    struct view label;            /* of SELinux; "": none */
};

/* Bytes that it may take where it is unpacked: content, names and lists. */
uint64_t member_weight(const struct member *member);

/* The largest fields of a frame of that type, 0 for one that may not come; for wire_peek. */
size_t member_frame_max(uint8_t type);

void member_put(struct buf *out, const struct member *member);
/* Reads the fields of a frame of type MEMBER_HEAD. */
MUST_USE bool member_get(struct view fields, struct member *out);

void member_put_data(struct buf *out, struct view data); /* at most MEMBER_MAX_DATA bytes */
void member_put_end(struct buf *out);
void member_put_failed(struct buf *out, const char *why);

#pragma once
/*
 * The server blocks of an nginx configuration: which names they have, on which addresses they listen, what stands in
 * them. Those of http only, in the order in which nginx reads them.
 *
 * Lies over a configuration (webconf/nginx_conf.h) and is made anew when a text of it has changed. Knows what nginx
 * makes of server_name and listen; which block answers a name is in nginx/choice.h.
 */
#include "webconf/nginx_conf.h"

enum nginx_family { NGINX_IP4, NGINX_IP6, NGINX_HOST, NGINX_UNIX };

/* What nginx binds to: one for all blocks that listen there. Over UDP (quic) it is another one. */
struct nginx_address {
    enum nginx_family family;
    const char *host; /* canonical text of the IP address ("0.0.0.0", "::"), the name, or the path of the socket */
    int port;         /* 0: of a socket in the file system */
    bool any;         /* 0.0.0.0 or :: */
    bool quic;
    bool tls;        /* some block says ssl for it */
    bool once;       /* some block gives parameters that may be given once */
    int ipv6only;    /* as given: 1 on, 0 off; -1: by no block */
    bool proxied;    /* proxy_protocol: clients have to begin with that */
    size_t fallback; /* block that answers names that no block there has */
    bool flagged;    /* that block says default_server */
};

struct nginx_listen {
    const struct nginx_node *node;    /* NULL: nginx assumes one, as the block has none */
    const struct nginx_node *include; /* in the block, by which it comes in; NULL: it stands there itself */
    size_t address;
    bool ssl, is_default, once;
};

struct nginx_item { /* a directive of a block */
    const struct nginx_node *node;
    const struct nginx_node *include; /* as above */
};

struct nginx_block { /* a server block */
    size_t index;    /* in the model, and by which it is known in nginx_address */
    const struct nginx_node *node;
    struct nginx_item *items; /* all in it, those of included files in place */
    size_t item_count;
    struct nginx_listen *listens;
    size_t listen_count;
    struct list names; /* of the model's arena: in lower case, quotes resolved, "$hostname" replaced; one "" when there
                          are none */
    bool tls;          /* one of its addresses is, beside quic */
    bool plain;        /* one of its addresses is not, beside quic and sockets in the file system */
};

struct nginx_model {
    struct nginx_conf *conf; /* borrowed */
    struct nginx_block *blocks;
    size_t count;
    struct nginx_address *addresses;
    size_t address_count;
    const struct nginx_node *http; /* the last http block; NULL: there is none */
    char *hostname;                /* of the machine, in lower case */
    struct name_index *names;      /* of all blocks, for nginx/choice.h */
    size_t *users; /* by file: how many blocks have directives of it by an include, http itself counted */
    struct arena arena;
};

/* Works it out. *out is the caller's; the configuration is borrowed. */
struct nginx_model *nginx_model_new(struct nginx_conf *conf) __attribute__((returns_nonnull));
void nginx_model_free(struct nginx_model *model);
DEFINE_AUTO(struct nginx_model, nginx_model_free)

/* The first item of that name, none that is a block, at or behind *from, which is moved behind it; NULL at the end. */
const struct nginx_item *nginx_block_find(const struct nginx_block *block, const char *name, size_t *from);
/* Whether it has one. */
bool nginx_block_has(const struct nginx_block *block, const char *name);
/* Whether it listens there. */
bool nginx_block_listens(const struct nginx_block *block, size_t address);
/* The address of a listen. */
static inline const struct nginx_address *nginx_address_of(
    const struct nginx_model *model, const struct nginx_listen *listen)
{
    return &model->addresses[listen->address];
}
/* The address of that kind, NULL when no block has it. */
const struct nginx_address *nginx_address_find(
    const struct nginx_model *model, enum nginx_family family, const char *host, int port, bool quic);

/* "FILE:LINE", for people; of the caller's. */
char *nginx_block_place(const struct nginx_block *block) __attribute__((returns_nonnull));
/* A name of a server_name directive is a regular expression. */
static inline bool nginx_name_is_regex(const char *name)
{
    return name[0] == '~';
}

/* A parameter of listen that one block alone may give for an address. */
bool nginx_listen_word_is_single(const char *word);

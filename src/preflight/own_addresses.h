#pragma once
/*
 * The addresses of this machine's interfaces, as the system lists them.
 */
#include "base/bytes.h"

/*
 * Appends all of them, in canonical text, without zones. Those that will not stay are in `passing`, too (NULL: not
 * wanted): temporary addresses (RFC 8981), which a system makes anew each day, and deprecated ones. None where the
 * system does not tell.
 */
void own_addresses(struct list *all, struct list *passing);

/* Reads /proc/net/if_inet6 as far as own_addresses needs it: the passing ones. */
void own_addresses_read_passing(struct view text, struct list *passing);

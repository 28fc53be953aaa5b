#pragma once
/*
 * XML as values: an element is an object of its children and attributes ("@name"), several children of a name are a
 * list, an element of text alone is that text; beside attributes text is "$". Prefixes of namespaces are left out.
 *
 * Pure. Knows as much of XML 1.0 as services send: no entities but the five and numbers; a DOCTYPE is passed over.
 */
#include "tree/value.h"

/* What is below the root element. ERROR_NETWORK; *out must be zero or cleared. */
MUST_USE bool xml_read(struct view text, struct value *out, struct error *err);

/* An object of one member, the root element, with an XML declaration in front. */
void xml_put(const struct value *root, struct buf *to);

#pragma once
/*
 * evercert-archive: from members (archive/member.h) to an archive, and back. The parts of that program; evercert links
 * none of them.
 *
 * Both jobs read standard input and write standard output, and nothing else: what is on the disk is evercert's to read
 * and write, so that the code which takes foreign archives apart has nothing of the machine within its reach.
 */
#include "base/bytes.h"

/*
 * Gives up everything but its three descriptors and its memory: root becomes nobody, no file can be opened, no socket
 * or process made, memory is bounded. ERROR_INTERNAL when neither the identity nor the kernel keeps files from it.
 */
MUST_USE bool lock_in(struct error *err);

/* Members on standard input become a compressed pax archive on standard output. */
MUST_USE bool pack(struct error *err);

/*
 * The archive on standard input, of any form that is known, becomes members on standard output. What is wrong with it
 * is told in the last frame, behind what could be read; false only when that frame could not be written.
 */
MUST_USE bool unpack(struct error *err);

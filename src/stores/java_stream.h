/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java's object serialisation stream, walked to find where it ends: a sealed key of a JCEKS
 * keystore has no length of its own. Nothing is made of what it describes; classes are compared by
 * name alone.
 */
#pragma once

#include "base/base.h"

enum {
	JAVA_STREAM_MAX_DEPTH = 32,
	JAVA_STREAM_MAX_HANDLES = 1024, /* objects, classes and texts that may be referred to */
	JAVA_STREAM_MAX_FIELDS = 64,    /* of one class */
};

/* The bytes of the one object that the stream begins with, its header included; 0 where that is not
 * whole or is beyond the bounds. ret_class is the name of its class, as it stands in the bytes. */
size_t java_stream_length(struct span bytes, struct span *ret_class);

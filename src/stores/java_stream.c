/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar is chapter 6.4 of the Java Object Serialization Specification. */
#include "stores/java_stream.h"

#include <string.h>

enum token {
	TC_NULL = 0x70,
	TC_REFERENCE = 0x71,
	TC_CLASSDESC = 0x72,
	TC_OBJECT = 0x73,
	TC_STRING = 0x74,
	TC_ARRAY = 0x75,
	TC_BLOCKDATA = 0x77,
	TC_ENDBLOCKDATA = 0x78,
	TC_BLOCKDATALONG = 0x7a,
};

enum { SC_WRITE_METHOD = 1, SC_SERIALIZABLE = 2, BASE_HANDLE = 0x7e0000, NO_CLASS = -1 };

static const char stream_header[] = "\xac\xed\x00\x05";

struct java_class {
	struct span name;
	unsigned flags, field_count;
	uint8_t fields[JAVA_STREAM_MAX_FIELDS]; /* type codes */
	int parent;
};

struct stream {
	struct span bytes;
	size_t at;
	bool bad;
	struct java_class *classes; /* by handle; of other handles, name is empty */
	unsigned handles, depth;
	int first_class;
};

static uint64_t
take(struct stream *stream, size_t size)
{
	uint64_t number = 0;

	if (stream->bad || size > stream->bytes.length - stream->at) {
		stream->bad = true;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		number = number << 8 | stream->bytes.data[stream->at++];
	return number;
}

static struct span
take_bytes(struct stream *stream, uint64_t length)
{
	struct span bytes = {};

	if (stream->bad || length > stream->bytes.length - stream->at) {
		stream->bad = true;
		return bytes;
	}
	bytes = span_of(stream->bytes.data + stream->at, (size_t)length);
	stream->at += (size_t)length;
	return bytes;
}

static struct span
take_text(struct stream *stream)
{
	return take_bytes(stream, take(stream, 2));
}

static int
handle_new(struct stream *stream)
{
	if (stream->handles >= JAVA_STREAM_MAX_HANDLES) {
		stream->bad = true;
		return 0;
	}
	stream->classes[stream->handles] = (struct java_class){ .parent = NO_CLASS };
	return (int)stream->handles++;
}

static void read_content(struct stream *stream);

static void
read_annotation(struct stream *stream)
{
	while (!stream->bad) {
		if (stream->at < stream->bytes.length &&
			stream->bytes.data[stream->at] == TC_ENDBLOCKDATA) {
			stream->at++;
			return;
		}
		read_content(stream);
	}
}

static void
read_fields(struct stream *stream, struct java_class *class)
{
	class->field_count = (unsigned)take(stream, 2);
	if (class->field_count > JAVA_STREAM_MAX_FIELDS)
		stream->bad = true;
	for (unsigned i = 0; i < class->field_count && !stream->bad; i++) {
		class->fields[i] = (uint8_t)take(stream, 1);
		(void)take_text(stream);
		/* className1: a String, of which a reference may stand for an earlier one. */
		if (class->fields[i] == 'L' || class->fields[i] == '[')
			read_content(stream);
	}
}

/* The handle of a class, or NO_CLASS. Each superclass follows the one below it. */
static int
read_class(struct stream *stream)
{
	int first = NO_CLASS, below = NO_CLASS;

	while (!stream->bad) {
		unsigned token = (unsigned)take(stream, 1);
		int handle;

		if (token == TC_NULL)
			return first;
		if (token == TC_REFERENCE) {
			uint64_t reference = take(stream, 4) - BASE_HANDLE;

			if (reference >= stream->handles ||
				stream->classes[reference].name.length == 0)
				stream->bad = true;
			handle = stream->bad ? NO_CLASS : (int)reference;
		} else if (token == TC_CLASSDESC) {
			struct span name = take_text(stream);

			(void)take(stream, 8); /* serialVersionUID */
			handle = handle_new(stream);
			stream->classes[handle].name = name;
			stream->classes[handle].flags = (unsigned)take(stream, 1);
			read_fields(stream, &stream->classes[handle]);
			read_annotation(stream);
		} else {
			stream->bad = true;
			return NO_CLASS;
		}
		if (below != NO_CLASS)
			stream->classes[below].parent = handle;
		first = first == NO_CLASS ? handle : first;
		below = handle;
		if (token == TC_REFERENCE)
			return first;
	}
	return NO_CLASS;
}

static void
read_value(struct stream *stream, uint8_t type)
{
	static const char types[] = "BCDFIJSZ", sizes[] = { 1, 2, 8, 4, 4, 8, 2, 1 };
	const char *found = type == 0 ? NULL : strchr(types, type);

	if (type == 'L' || type == '[')
		read_content(stream);
	else if (found != NULL)
		(void)take(stream, (size_t)sizes[found - types]);
	else
		stream->bad = true;
}

/* The values of a class and those above it, the topmost first. */
static void
read_object(struct stream *stream)
{
	int line[JAVA_STREAM_MAX_DEPTH], class = read_class(stream);
	size_t count = 0;

	if (stream->first_class == NO_CLASS)
		stream->first_class = class;
	(void)handle_new(stream);
	for (; class != NO_CLASS && count < COUNT_OF(line); class = stream->classes[class].parent)
		line[count++] = class;
	if (class != NO_CLASS)
		stream->bad = true;
	while (count-- > 0 && !stream->bad) {
		const struct java_class *each = &stream->classes[line[count]];

		/* What writes its own form has no length that can be told. */
		if (!(each->flags & SC_SERIALIZABLE))
			stream->bad = true;
		for (unsigned i = 0; i < each->field_count && !stream->bad; i++)
			read_value(stream, each->fields[i]);
		if (each->flags & SC_WRITE_METHOD)
			read_annotation(stream);
	}
}

static void
read_array(struct stream *stream)
{
	int class = read_class(stream);
	uint64_t count;
	struct span name;

	(void)handle_new(stream);
	count = take(stream, 4);
	if (stream->bad || class == NO_CLASS) {
		stream->bad = true;
		return;
	}
	name = stream->classes[class].name;
	if (name.length < 2 || name.data[0] != '[' || count > stream->bytes.length - stream->at) {
		stream->bad = true;
		return;
	}
	if (name.data[1] == 'B')
		(void)take_bytes(stream, count);
	else
		for (uint64_t i = 0; i < count && !stream->bad; i++)
			read_value(stream, name.data[1]);
}

static void
read_content(struct stream *stream)
{
	unsigned token = (unsigned)take(stream, 1);

	if (++stream->depth > JAVA_STREAM_MAX_DEPTH)
		stream->bad = true;
	if (stream->bad)
		return;
	switch (token) {
	case TC_NULL:
		break;
	case TC_REFERENCE:
		(void)take(stream, 4);
		break;
	case TC_OBJECT:
		read_object(stream);
		break;
	case TC_STRING:
		(void)handle_new(stream);
		(void)take_text(stream);
		break;
	case TC_ARRAY:
		read_array(stream);
		break;
	case TC_BLOCKDATA:
		(void)take_bytes(stream, take(stream, 1));
		break;
	case TC_BLOCKDATALONG:
		(void)take_bytes(stream, take(stream, 4));
		break;
	default:
		stream->bad = true;
	}
	stream->depth--;
}

size_t
java_stream_length(struct span bytes, struct span *ret_class)
{
	CLEANUP(mem_freep) struct java_class *classes = NULL;
	struct stream stream = { .bytes = bytes, .first_class = NO_CLASS };

	*ret_class = (struct span){};
	if (bytes.length < sizeof(stream_header) ||
		memcmp(bytes.data, stream_header, sizeof(stream_header) - 1) != 0 ||
		bytes.data[sizeof(stream_header) - 1] != TC_OBJECT)
		return 0;
	stream.classes = classes = mem_alloc(JAVA_STREAM_MAX_HANDLES * sizeof(*classes));
	stream.at = sizeof(stream_header) - 1;
	read_content(&stream);
	if (stream.first_class != NO_CLASS)
		*ret_class = classes[stream.first_class].name;
	return stream.bad ? 0 : stream.at;
}

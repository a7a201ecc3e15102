/* SPDX-License-Identifier: Apache-2.0 */
#include "processes/socket_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TCP_LISTEN_STATE = 10, /* include/net/tcp_states.h */
	ANSWER_SIZE = 32 << 10 /* af_netlink.c, netlink_dump: no datagram of an answer is larger */
};

enum answer { ANSWER_MORE, ANSWER_ENDS, ANSWER_FAILS };

static int
ask(int netlink, int family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (uint8_t)family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = 1U << TCP_LISTEN_STATE },
	};

	return send(netlink, &message, sizeof(message), 0) == (ssize_t)sizeof(message) ? 0 : -1;
}

static void
add_socket(const struct inet_diag_msg *socket, void (*add)(void *data, const struct listener *),
	void *data)
{
	struct listener listener = {
		.port = ntohs(socket->id.idiag_sport),
		.inode = socket->idiag_inode,
	};

	if (inet_ntop(socket->idiag_family, socket->id.idiag_src, listener.address,
		    sizeof(listener.address)) != NULL)
		add(data, &listener);
}

static enum answer
read_datagram(const uint8_t *bytes, size_t length, void (*add)(void *data, const struct listener *),
	void *data)
{
	struct nlmsghdr header;

	for (; length >= sizeof(header);) {
		struct inet_diag_msg socket;
		size_t step;

		memcpy(&header, bytes, sizeof(header));
		if (header.nlmsg_type == NLMSG_DONE)
			return ANSWER_ENDS;
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_len > length ||
			header.nlmsg_len < sizeof(header) + sizeof(socket))
			return ANSWER_FAILS;
		memcpy(&socket, bytes + sizeof(header), sizeof(socket));
		add_socket(&socket, add, data);
		if (step >= length)
			break;
		bytes += step;
		length -= step;
	}
	return ANSWER_MORE;
}

int
socket_diag_listeners(int family, void (*add)(void *data, const struct listener *), void *data)
{
	CLEANUP(fd_close)
	int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	uint8_t bytes[ANSWER_SIZE];
	enum answer answer = ANSWER_MORE;

	if (netlink < 0 || ask(netlink, family) < 0)
		return -1;
	while (answer == ANSWER_MORE) {
		ssize_t got = recv(netlink, bytes, sizeof(bytes), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		answer = read_datagram(bytes, (size_t)got, add, data);
	}
	return answer == ANSWER_ENDS ? 0 : -1;
}

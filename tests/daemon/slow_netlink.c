/* Has the thread called "kernel" wait for a second before it deletes addresses. To be preloaded. */
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t send(int socket, const void *octets, size_t length, int flags)
{
	const struct nlmsghdr *message = octets;
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	if (!strcmp(name, "kernel") && length >= sizeof *message &&
	    message->nlmsg_type == RTM_DELADDR)
		sleep(1);
	return sendto(socket, octets, length, flags, NULL, 0);
}

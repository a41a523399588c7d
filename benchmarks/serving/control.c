/* A server that does next to nothing: every request costs it so much processor time and is answered with the same words.
 *
 *     control PORT WORK
 *
 * WORK is nanoseconds of processor beside reading and writing, in steps that are counted at the start: who is kept from the
 * processor has them still to do. One thread, epoll, all that is readable is read before it sleeps again, as an event loop
 * does it. A request is taken for whole when its `Content-Length` is there. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 1024 /* sockets */
#define ROOM 65536

static const char answer[] =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"version\":\"0\"}";
static char *buffers[MOST];
static size_t got[MOST];
static volatile unsigned long sink;

static void fail(const char *why) {
    perror(why);
    exit(1);
}

static long long clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void work(long long steps) {
    unsigned long x = sink;
    for (long long i = 0; i < steps; i++) x = x * 6364136223846793005UL + 1442695040888963407UL;
    sink = x;
}

/* The fastest of some tries is the one that nobody disturbed. */
static double steps_per_ns(void) {
    const long long steps = 1000000;
    long long best = 1LL << 62;
    for (int i = 0; i < 50; i++) {
        long long before = clock_ns();
        work(steps);
        long long taken = clock_ns() - before;
        if (taken < best) best = taken;
    }
    return (double)steps / best;
}

/* Return the length of the first request in a buffer, 0 where it is not whole. */
static size_t whole(const char *buffer, size_t length) {
    static const char key[] = "\r\nContent-Length:";
    const char *end = memmem(buffer, length, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t size = end + 4 - buffer;
    for (const char *at = buffer; at < end; at++)
        if (!strncasecmp(at, key, sizeof key - 1)) size += strtoul(at + sizeof key - 1, NULL, 10);
    return size <= length ? size : 0;
}

static int answered(int s, long long steps) {
    ssize_t n = recv(s, buffers[s] + got[s], ROOM - 1 - got[s], 0);
    if (n <= 0) return 0;
    got[s] += n;
    buffers[s][got[s]] = 0;
    for (size_t size; (size = whole(buffers[s], got[s]));) {
        work(steps);
        if (send(s, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) return 0;
        memmove(buffers[s], buffers[s] + size, got[s] -= size);
    }
    return got[s] < ROOM - 1;
}

int main(int n, char **given) {
    if (n != 3) return fprintf(stderr, "control PORT WORK\n"), 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    long long steps = atof(given[2]) * steps_per_ns();
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(given[1]))};
    inet_pton(AF_INET, "127.0.0.1", &where.sin_addr);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poller = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&where, sizeof where) || listen(listener, MOST)) fail("control");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[MOST];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, MOST, -1);
        for (int i = 0; i < ready; i++) {
            int s = events[i].data.fd;
            if (s == listener) {
                if ((s = accept(listener, NULL, NULL)) < 0) continue;
                if (s >= MOST) {
                    close(s);
                    continue;
                }
                if (!buffers[s] && !(buffers[s] = malloc(ROOM))) fail("control");
                got[s] = 0;
                setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.data.fd = s;
                epoll_ctl(poller, EPOLL_CTL_ADD, s, &event);
            } else if (!answered(s, steps))
                close(s);
        }
    }
}

/* The latency of single requests over one keep-alive connection, in nanoseconds, with next to no cost of its own.
 *
 *     client HOST PORT FILE WARM_UP COUNT
 *
 * FILE holds whole HTTP requests, each after a line with its length. They are sent in turn, one at a time; one number is
 * printed per request. Any status but 200 ends it with exit code 1. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096
#define ROOM (1 << 20)

static char answer[ROOM + 1];

static void fail(const char *why) {
    fprintf(stderr, "client: %s\n", why);
    exit(1);
}

/* Whether the first `got` bytes of `answer` are a whole response. */
static int whole(size_t got) {
    answer[got] = 0;
    char *body = strstr(answer, "\r\n\r\n");
    if (!body) return 0;
    body += 4;
    for (char *line = answer; line < body - 2; line = strstr(line, "\r\n") + 2) {
        if (!strncasecmp(line, "content-length:", 15)) return (size_t)(answer + got - body) >= strtoul(line + 15, 0, 10);
        if (!strncasecmp(line, "transfer-encoding: chunked", 26)) return got > 5 && !memcmp(answer + got - 5, "0\r\n\r\n", 5);
    }
    fail("a response without a length");
    return 0;
}

static long long ask(int server, const char *request, size_t length) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (size_t sent = 0; sent < length;) {
        ssize_t n = write(server, request + sent, length - sent);
        if (n <= 0) fail("the connection was closed");
        sent += n;
    }
    size_t got = 0;
    do {
        ssize_t n = read(server, answer + got, ROOM - got);
        if (n <= 0) fail("the connection was closed");
        got += n;
    } while (!whole(got));
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (memcmp(answer, "HTTP/1.1 200", 12)) fail(answer);
    return (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 6) fail("HOST PORT FILE WARM_UP COUNT");
    static char *requests[MOST];
    static size_t lengths[MOST];
    int n = 0;
    FILE *file = fopen(argv[3], "rb");
    if (!file) fail("the file cannot be read");
    while (n < MOST && fscanf(file, "%zu", &lengths[n]) == 1) {
        fgetc(file);
        requests[n] = malloc(lengths[n]);
        if (fread(requests[n], 1, lengths[n], file) != lengths[n]) fail("the file is cut short");
        n++;
    }
    if (!n) fail("no requests");
    int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    inet_pton(AF_INET, argv[1], &where.sin_addr);
    if (connect(server, (struct sockaddr *)&where, sizeof where)) fail("nobody listens");
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int warm_up = atoi(argv[4]), count = atoi(argv[5]);
    for (int i = 0; i < warm_up + count; i++) {
        long long taken = ask(server, requests[i % n], lengths[i % n]);
        if (i >= warm_up) printf("%lld\n", taken);
    }
    return 0;
}

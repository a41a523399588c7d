/* Many keep-alive connections that ask a server for predictions, at a steady rate or as fast as they are answered.
 *
 *     crowd HOST PORT FILE CONNECTIONS RATE BEGIN SECONDS WINDOW KEPT CORE
 *
 * FILE holds whole HTTP requests, each after a line with its length; they are asked for in turn. RATE is requests a second:
 * they are due whether or not earlier ones were answered, and latency counts from when a request was due. RATE 0: each
 * connection asks again as soon as it is answered. It begins at BEGIN seconds of the monotonic clock (0: now). CORE is the
 * processor it keeps to, -1 for any.
 *
 * A request is lost when it was sent on an open connection which then broke before the answer was whole; the connection is
 * made anew. What is due while its connection has already been closed was never asked there: another connection asks.
 *
 * Standard output has a line of JSON for every WINDOW seconds, as soon as all that was due in it is concluded: `histogram`
 * has pairs of bucket and count of latencies (see `bucket`). A line for every lost request, when it was sent and when its
 * connection broke, and the local port. A last line with the processor time of this program. KEPT gets every distinct
 * answer of every row, up to `,"request_id"`, with how often it came: whether it is right is judged by who started this.
 *
 * `crowd_twin.py` does the same in Python, slower and more obviously. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_ROWS 4096
#define MOST_CONNECTIONS 1024
#define MOST_WINDOWS 4096
#define MOST_VARIANTS 64  /* distinct answers kept of one row; more are counted and not kept */
#define MOST_VERSIONS 16
#define MOST_FAILURES 100 /* answers other than 200 that are kept */
#define ROOM (1 << 20)    /* bytes of an answer */
#define FINE 7            /* a bucket is at most 1/128 of its value wide */
#define BUCKETS ((38 - FINE) << FINE) /* up to 2^37 ns, two minutes */
#define SECOND 1000000000LL
#define FINISH (30 * SECOND) /* for what is due and not answered at the end */
#define NAP (SECOND / 100)
#define NAME 40

struct variant {
    int status, version;
    size_t length;
    long long count;
    char *bytes;
};

struct row {
    char *request;
    size_t length;
    int n_variants;
    struct variant *variants;
};

enum state { CLOSED, CONNECTING, IDLE, ASKED };

struct connection {
    int socket, row, window, port;
    enum state state;
    long long due, sent, retry;
    size_t got;
    char *answer;
};

struct window {
    long long asked, answered, errors, lost, versions[MOST_VERSIONS];
    unsigned *histogram;
};

static struct row rows[MOST_ROWS];
static struct connection connections[MOST_CONNECTIONS];
static struct connection *idle[MOST_CONNECTIONS]; /* a ring: who was answered first asks first */
static struct window windows[MOST_WINDOWS];
static struct variant failures[MOST_FAILURES];
static char versions[MOST_VERSIONS][NAME];
static int n_rows, n_connections, n_windows, n_versions, n_failures, n_idle, first_idle, n_asked, poller, told;
static long long sent, began, window_ns, unkept;
static struct sockaddr_in where;

static void fail(const char *why) {
    fprintf(stderr, "crowd: %s\n", why);
    exit(1);
}

static long long clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

/* --- what is measured -------------------------------------------------------------------------------------------- */

/* Values below 128 have a bucket each; from there every power of two has 128 of the same width. */
static int bucket(long long ns) {
    if (ns < 1 << FINE) return ns < 0 ? 0 : (int)ns;
    int shift = 63 - __builtin_clzll(ns) - FINE;
    int found = (shift << FINE) + (int)(ns >> shift);
    return found < BUCKETS ? found : BUCKETS - 1;
}

static int version_index(const char *answer, size_t length) {
    static const char key[] = "\"version\":\"";
    const char *at = memmem(answer, length, key, sizeof key - 1);
    char name[NAME] = "";
    if (at) {
        at += sizeof key - 1;
        for (size_t i = 0; i < NAME - 1 && at + i < answer + length && at[i] != '"' && at[i] != '\\'; i++) name[i] = at[i];
    }
    for (int i = 0; i < n_versions; i++)
        if (!strcmp(versions[i], name)) return i;
    if (n_versions == MOST_VERSIONS) fail("more versions answer than can be told apart");
    strcpy(versions[n_versions], name);
    return n_versions++;
}

static void keep(struct variant *kept, int status, const char *bytes, size_t length) {
    kept->status = status;
    kept->length = length;
    kept->bytes = malloc(length + 1);
    memcpy(kept->bytes, bytes, length);
    kept->version = version_index(bytes, length);
}

/* Count the answer among those of its row; return the version that it names. */
static int version_of(struct row *row, const char *body, size_t length) {
    static const char key[] = ",\"request_id\"";
    const char *end = memmem(body, length, key, sizeof key - 1);
    if (end) length = end - body;
    for (int i = 0; i < row->n_variants; i++) {
        struct variant *known = &row->variants[i];
        if (known->length == length && !memcmp(known->bytes, body, length)) {
            known->count++;
            return known->version;
        }
    }
    if (row->n_variants == MOST_VARIANTS) {
        unkept++;
        return version_index(body, length);
    }
    row->variants = realloc(row->variants, (row->n_variants + 1) * sizeof *row->variants);
    struct variant *made = &row->variants[row->n_variants++];
    keep(made, 200, body, length);
    made->count = 1;
    return made->version;
}

/* Print the windows that are over: what is still to be asked is due at `next` or later, and all that was asked is
 * concluded. */
static void tell(long long next, int all) {
    for (; told < n_windows; told++) {
        struct window *w = &windows[told];
        if (!all && (next < began + (told + 1) * window_ns || w->answered + w->errors + w->lost < w->asked)) break;
        printf("{\"window\":%d,\"asked\":%lld,\"answered\":%lld,\"errors\":%lld,\"lost\":%lld,\"versions\":{", told, w->asked,
               w->answered, w->errors, w->lost);
        const char *comma = "";
        for (int i = 0; i < n_versions; i++)
            if (w->versions[i]) printf("%s\"%s\":%lld", comma, versions[i], w->versions[i]), comma = ",";
        printf("},\"histogram\":[");
        comma = "";
        for (int i = 0; i < BUCKETS; i++)
            if (w->histogram[i]) printf("%s[%d,%u]", comma, i, w->histogram[i]), comma = ",";
        printf("]}\n");
        fflush(stdout);
    }
}

/* --- connections ------------------------------------------------------------------------------------------------- */

static void rest(struct connection *c) {
    c->state = IDLE;
    c->got = 0;
    idle[(first_idle + n_idle++) % n_connections] = c;
}

static void watch(struct connection *c, int how, unsigned what) {
    struct epoll_event event = {.events = what, .data.ptr = c};
    if (epoll_ctl(poller, how, c->socket, &event)) fail("a connection cannot be watched");
}

static void open_connection(struct connection *c) {
    int on = 1;
    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->socket < 0) fail("no more sockets");
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->socket, (struct sockaddr *)&where, sizeof where) && errno != EINPROGRESS) {
        close(c->socket);
        c->state = CLOSED;
        c->retry = clock_ns() + NAP;
        return;
    }
    c->state = CONNECTING;
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void connected(struct connection *c) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(c->socket, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) {
        close(c->socket);
        c->state = CLOSED;
        c->retry = clock_ns() + NAP;
        return;
    }
    struct sockaddr_in here;
    length = sizeof here;
    getsockname(c->socket, (struct sockaddr *)&here, &length);
    c->port = ntohs(here.sin_port);
    watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP);
    rest(c);
}

/* The connection is closed: what it was asked and has not answered is lost. */
static void broken(struct connection *c) {
    if (c->state == ASKED) {
        windows[c->window].lost++;
        n_asked--;
        printf("{\"lost\":{\"port\":%d,\"row\":%d,\"sent\":%.9f,\"broke\":%.9f}}\n", c->port, c->row, c->sent / 1e9,
               clock_ns() / 1e9);
    } else if (c->state == IDLE) {
        for (int i = 0; i < n_idle; i++)
            if (idle[(first_idle + i) % n_connections] == c) {
                for (; i + 1 < n_idle; i++)
                    idle[(first_idle + i) % n_connections] = idle[(first_idle + i + 1) % n_connections];
                n_idle--;
            }
    }
    close(c->socket);
    open_connection(c);
}

/* Send a whole request, or return 0 where the connection has been closed and nothing was asked. */
static int write_request(struct connection *c, const struct row *row) {
    char byte;
    ssize_t waits = recv(c->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (waits >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return 0;
    for (size_t done = 0; done < row->length;) {
        ssize_t n = send(c->socket, row->request + done, row->length - done, MSG_NOSIGNAL);
        if (n > 0) {
            done += n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd room = {.fd = c->socket, .events = POLLOUT};
            poll(&room, 1, 1000);
        } else {
            return done > 0; /* part of it was sent: reading will find the connection broken */
        }
    }
    return 1;
}

/* Ask for the next row, due at `due`; return 0 where no connection could be asked. */
static int ask(long long due) {
    while (n_idle) {
        struct connection *c = idle[first_idle];
        int row = (int)(sent % n_rows);
        if (!write_request(c, &rows[row])) {
            broken(c);
            continue;
        }
        first_idle = (first_idle + 1) % n_connections;
        n_idle--;
        n_asked++;
        sent++;
        c->state = ASKED;
        c->row = row;
        c->due = due;
        c->sent = clock_ns();
        c->window = (int)((due - began) / window_ns);
        if (c->window >= n_windows) c->window = n_windows - 1;
        windows[c->window].asked++;
        return 1;
    }
    return 0;
}

/* Return where the body begins when the answer is whole, else 0; `length` is that of the body. */
static size_t whole(const char *answer, size_t got, size_t *length) {
    const char *end = memmem(answer, got, "\r\n\r\n", 4);
    if (!end) return 0;
    const char *body = end + 4;
    *length = answer + got - body;
    for (const char *line = answer; line < body - 2;) {
        if (!strncasecmp(line, "content-length:", 15)) {
            size_t promised = strtoul(line + 15, 0, 10);
            if (*length < promised) return 0;
            *length = promised;
            return body - answer;
        }
        if (!strncasecmp(line, "transfer-encoding: chunked", 26))
            return got > 5 && !memcmp(answer + got - 5, "0\r\n\r\n", 5) ? body - answer : 0;
        line = (const char *)memmem(line, body - line, "\r\n", 2) + 2;
    }
    fail("a response without a length");
    return 0;
}

static void answered(struct connection *c, const char *body, size_t length) {
    struct window *w = &windows[c->window];
    int status = atoi(c->answer + 9);
    if (status == 200) {
        w->histogram[bucket(clock_ns() - c->due)]++;
        w->versions[version_of(&rows[c->row], body, length)]++;
        w->answered++;
    } else {
        w->errors++;
        if (n_failures < MOST_FAILURES) keep(&failures[n_failures++], status, body, length);
    }
    n_asked--;
    rest(c);
}

static void readable(struct connection *c) {
    ssize_t n = recv(c->socket, c->answer + c->got, ROOM - c->got, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (n <= 0) {
        broken(c);
        return;
    }
    if (c->state != ASKED) fail("an answer that nobody asked for");
    c->got += n;
    c->answer[c->got] = 0;
    size_t length, begins = whole(c->answer, c->got, &length);
    if (begins) answered(c, c->answer + begins, length);
    else if (c->got == ROOM) fail("an answer is too long");
}

static void wait_for_answers(long long ns) {
    struct epoll_event events[MOST_CONNECTIONS];
    struct timespec timeout = {.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
    int n = epoll_pwait2(poller, events, MOST_CONNECTIONS, &timeout, 0);
    if (n < 0 && errno != EINTR) fail("waiting failed (epoll_pwait2: Linux 5.11)");
    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;
        if (c->state == CONNECTING) connected(c);
        else readable(c);
    }
}

static void reconnect(long long now) {
    for (int i = 0; i < n_connections; i++)
        if (connections[i].state == CLOSED && connections[i].retry <= now) open_connection(&connections[i]);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static long long smaller(long long a, long long b) { return a < b ? a : b; }

static void steady(double rate, long long seconds_ns) {
    long long total = (long long)(rate * seconds_ns / SECOND), due, now;
    while ((now = clock_ns()) < began + seconds_ns + FINISH && (now < began + seconds_ns || sent < total || n_asked)) {
        due = now < began ? 0 : smaller(total, (long long)((now - began) * rate / SECOND) + 1);
        while (sent < due && ask(began + (long long)(sent * SECOND / rate))) {}
        long long pause = NAP;
        if (n_idle && sent < total) pause = smaller(pause, began + (long long)(sent * SECOND / rate) - clock_ns());
        wait_for_answers(pause > 0 ? pause : 0);
        reconnect(now);
        tell(smaller(now, began + (long long)(sent * SECOND / rate)), 0);
    }
    for (long long i = sent; i < total; i++) windows[(int)(i * SECOND / rate / window_ns)].asked++; /* never had its turn */
}

static void closed_loop(long long seconds_ns) {
    long long now;
    while ((now = clock_ns()) < began + seconds_ns + FINISH && (now < began + seconds_ns || n_asked)) {
        while (now >= began && now < began + seconds_ns && ask(now = clock_ns())) {}
        wait_for_answers(NAP);
        reconnect(now);
        tell(now, 0);
    }
}

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail("the file cannot be read");
    while (n_rows < MOST_ROWS && fscanf(file, "%zu", &rows[n_rows].length) == 1) {
        struct row *row = &rows[n_rows++];
        fgetc(file);
        row->request = malloc(row->length);
        if (fread(row->request, 1, row->length, file) != row->length) fail("the file is cut short");
    }
    fclose(file);
    if (!n_rows) fail("no requests");
}

static void write_variant(FILE *file, int row, const struct variant *v) {
    fprintf(file, "%d %d %lld %zu\n", v->status, row, v->count, v->length);
    fwrite(v->bytes, 1, v->length, file);
    fputc('\n', file);
}

static void write_kept(const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) fail("answers cannot be written");
    for (int i = 0; i < n_rows; i++)
        for (int j = 0; j < rows[i].n_variants; j++) write_variant(file, i, &rows[i].variants[j]);
    for (int i = 0; i < n_failures; i++) write_variant(file, -1, &failures[i]);
    if (fclose(file)) fail("answers cannot be written");
}

static double seconds_of(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

int main(int argc, char **argv) {
    if (argc != 11) fail("HOST PORT FILE CONNECTIONS RATE BEGIN SECONDS WINDOW KEPT CORE");
    read_requests(argv[3]);
    n_connections = atoi(argv[4]);
    double rate = atof(argv[5]), begin = atof(argv[6]);
    long long seconds_ns = (long long)(atof(argv[7]) * SECOND);
    window_ns = (long long)(atof(argv[8]) * SECOND);
    if (n_connections < 1 || n_connections > MOST_CONNECTIONS || window_ns < 1) fail("CONNECTIONS or WINDOW is out of range");
    n_windows = (int)((seconds_ns + window_ns - 1) / window_ns);
    if (n_windows < 1 || n_windows > MOST_WINDOWS) fail("too many windows, or none");
    for (int i = 0; i < n_windows; i++) windows[i].histogram = calloc(BUCKETS, sizeof(unsigned));
    if (atoi(argv[10]) >= 0) {
        cpu_set_t cores;
        CPU_ZERO(&cores);
        CPU_SET(atoi(argv[10]), &cores);
        if (sched_setaffinity(0, sizeof cores, &cores)) fail("there is no such CORE");
    }
    prctl(PR_SET_TIMERSLACK, 1); /* else the kernel may wake us 50 us late */
    where.sin_family = AF_INET;
    where.sin_port = htons(atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &where.sin_addr) != 1) fail("HOST is no address");
    poller = epoll_create1(0);
    for (int i = 0; i < n_connections; i++) {
        connections[i].answer = malloc(ROOM + 1);
        open_connection(&connections[i]);
    }
    for (long long until = clock_ns() + FINISH; n_idle < n_connections;) { /* nothing is due before all are there */
        if (clock_ns() > until) fail("nobody listens");
        wait_for_answers(NAP);
        reconnect(clock_ns());
    }
    began = begin > 0 ? (long long)(begin * 1e9) : clock_ns();
    if (rate > 0) steady(rate, seconds_ns);
    else closed_loop(seconds_ns);
    tell(clock_ns(), 1);
    write_kept(argv[9]);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"end\":{\"user_s\":%.3f,\"system_s\":%.3f,\"asked\":%lld,\"unkept\":%lld}}\n", seconds_of(used.ru_utime),
           seconds_of(used.ru_stime), sent, unkept);
    return 0;
}

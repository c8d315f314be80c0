/* The physical limit: receive, SHA-1 and write a file in pieces, and nothing else.

   Usage: receive HOST PORT OUT LENGTH PIECE_LENGTH HASHES WORKERS
   One thread receives whole pieces, the workers hash, compare and write them; at most 32 MiB are on the way. Prints
   "first SECONDS" (monotonic) at the first byte and "done SECONDS" after the last verified and written piece. SHA-1 is
   OpenSSL's, found at run time as Python's own hashlib finds it: no header is needed. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WORKERS = 16, ON_THE_WAY = 32 << 20 };

typedef struct {
    uint8_t *data;
    uint64_t piece, length;
} Job;

static int out, closing, (*digest)(const void *, size_t, uint8_t *, unsigned *, const void *, void *);
static const void *sha1;
static uint8_t *hashes;
static uint64_t length, piece_length, slots, queued, taken, freed;
static Job *ring;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, room = PTHREAD_COND_INITIALIZER;
static uint8_t **spare;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void keep(Job job) {
    uint8_t found[64];
    if (!digest(job.data, job.length, found, NULL, sha1, NULL) || memcmp(found, hashes + 20 * job.piece, 20)) {
        fprintf(stderr, "piece %llu is wrong\n", (unsigned long long)job.piece);
        exit(1);
    }
    if (pwrite(out, job.data, job.length, job.piece * piece_length) != (ssize_t)job.length) fail("pwrite");
}

static void *worker(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (taken == queued && !closing) pthread_cond_wait(&work, &lock);
        if (taken == queued) break;
        Job job = ring[taken++ % slots];
        pthread_mutex_unlock(&lock);
        keep(job);
        pthread_mutex_lock(&lock);
        spare[freed++ % slots] = job.data;
        pthread_cond_signal(&room);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void load(const char *path, uint64_t pieces) {
    hashes = malloc(20 * pieces);
    int file = open(path, O_RDONLY);
    if (file < 0 || read(file, hashes, 20 * pieces) != (ssize_t)(20 * pieces)) fail(path);
    close(file);
    void *crypto = dlopen("libcrypto.so.3", RTLD_NOW);
    if (!crypto) crypto = dlopen("libcrypto.so.1.1", RTLD_NOW);
    if (!crypto) {
        fprintf(stderr, "no libcrypto: %s\n", dlerror());
        exit(1);
    }
    const void *(*name)(void) = (const void *(*)(void))dlsym(crypto, "EVP_sha1");
    digest = (int (*)(const void *, size_t, uint8_t *, unsigned *, const void *, void *))dlsym(crypto, "EVP_Digest");
    if (!name || !digest) exit(1);
    sha1 = name();
}

int main(int argc, char **argv) {
    if (argc != 8) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    length = strtoull(argv[4], NULL, 10);
    piece_length = strtoull(argv[5], NULL, 10);
    uint64_t pieces = (length + piece_length - 1) / piece_length;
    int workers = atoi(argv[7]);
    if (workers < 1 || workers > MOST_WORKERS) return 2;
    load(argv[6], pieces);
    out = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (out < 0) fail(argv[3]);
    slots = ON_THE_WAY / piece_length > 2 ? ON_THE_WAY / piece_length : 2;
    ring = calloc(slots, sizeof *ring);
    spare = calloc(slots, sizeof *spare);
    for (; freed < slots; freed++) spare[freed] = malloc(piece_length);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(peer, (void *)&address, sizeof address)) fail("connect");
    pthread_t threads[MOST_WORKERS];
    for (int at = 0; at < workers; at++) pthread_create(&threads[at], NULL, worker, NULL);
    for (uint64_t piece = 0; piece < pieces; piece++) {
        uint64_t want = piece + 1 < pieces ? piece_length : length - piece * piece_length;
        pthread_mutex_lock(&lock);
        while (freed == piece) pthread_cond_wait(&room, &lock);
        uint8_t *data = spare[piece % slots];
        pthread_mutex_unlock(&lock);
        for (uint64_t have = 0; have < want;) {
            ssize_t got = recv(peer, data + have, want - have, 0);
            if (got <= 0) fail("recv");
            if (!piece && !have) printf("first %.6f\n", now());
            have += got;
        }
        pthread_mutex_lock(&lock);
        ring[queued++ % slots] = (Job){data, piece, want};
        pthread_cond_signal(&work);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    closing = 1;
    pthread_cond_broadcast(&work);
    pthread_mutex_unlock(&lock);
    for (int at = 0; at < workers; at++) pthread_join(threads[at], NULL);
    printf("done %.6f\n", now());
    return 0;
}

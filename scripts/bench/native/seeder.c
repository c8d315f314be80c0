/* A seed that costs next to nothing: the peer wire of BEP 3 from a mapped file, many blocks to a call.

   Usage: seeder HOST FILE PIECE_LENGTH INFO_HASH_IN_HEX
   Prints "port N" when it listens, and "first SECONDS" (monotonic) at the first request of every connection. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { HANDSHAKE = 68, HEADER = 13, REQUEST = 17, BATCH = 64, INPUT = 64 * 1024 };

static const uint8_t *content;
static uint64_t length, piece_length;
static uint8_t info_hash[20];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int read_all(int peer, void *to, size_t want) {
    for (uint8_t *at = to; want;) {
        ssize_t got = recv(peer, at, want, 0);
        if (got <= 0) return 0;
        at += got, want -= got;
    }
    return 1;
}

static int write_all(int peer, struct iovec *parts, int count) {
    while (count) {
        ssize_t sent = writev(peer, parts, count);
        if (sent < 0) return 0;
        while (count && (size_t)sent >= parts->iov_len) sent -= parts->iov_len, parts++, count--;
        if (count) parts->iov_base = (uint8_t *)parts->iov_base + sent, parts->iov_len -= sent;
    }
    return 1;
}

static int write_bytes(int peer, void *from, size_t count) {
    struct iovec part = {from, count};
    return write_all(peer, &part, 1);
}

static uint32_t number(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return be32toh(value);
}

static void put(uint8_t *at, uint32_t value) {
    value = htobe32(value);
    memcpy(at, &value, 4);
}

static int greet(int peer) {
    uint8_t theirs[HANDSHAKE], ours[HANDSHAKE] = "\x13" "BitTorrent protocol";
    if (!read_all(peer, theirs, HANDSHAKE) || memcmp(theirs + 28, info_hash, 20)) return 0;
    memcpy(ours + 28, info_hash, 20);
    memcpy(ours + 48, "-CC0001-benchbench12", 20);
    uint32_t pieces = (length + piece_length - 1) / piece_length, bytes = (pieces + 7) / 8;
    uint8_t *field = malloc(5 + bytes);
    put(field, 1 + bytes);
    field[4] = 5;
    memset(field + 5, 0xff, bytes);
    if (pieces % 8) field[4 + bytes] = (uint8_t)(0xff << (8 - pieces % 8));
    int told = write_bytes(peer, ours, HANDSHAKE) && write_bytes(peer, field, 5 + bytes);
    free(field);
    return told;
}

/* Answer every whole request in the input; the bytes used, or -1. */
static ssize_t answer(int peer, const uint8_t *input, size_t have, int *asked) {
    static const uint8_t unchoke[5] = {0, 0, 0, 1, 1};
    uint8_t headers[BATCH][HEADER];
    struct iovec parts[2 * BATCH];
    size_t used = 0;
    int count = 0;
    while (have - used >= 4) {
        uint32_t size = number(input + used);
        if (size > INPUT - 4) return -1;
        if (have - used < 4 + size) break;
        const uint8_t *body = input + used + 4;
        used += 4 + size;
        if (size == 1 && body[0] == 2) {
            if (!write_bytes(peer, (void *)unchoke, 5)) return -1;
        } else if (size == REQUEST - 4 && body[0] == 6) {
            uint64_t from = number(body + 1) * piece_length + number(body + 5);
            uint32_t bytes = number(body + 9);
            if (from + bytes > length) return -1;
            if (!*asked) {
                struct timespec now;
                clock_gettime(CLOCK_MONOTONIC, &now);
                printf("first %.6f\n", now.tv_sec + now.tv_nsec / 1e9);
                *asked = 1;
            }
            uint8_t *header = headers[count];
            put(header, 9 + bytes);
            header[4] = 7;
            memcpy(header + 5, body + 1, 8);
            parts[2 * count] = (struct iovec){header, HEADER};
            parts[2 * count + 1] = (struct iovec){(void *)(content + from), bytes};
            if (++count == BATCH) {
                if (!write_all(peer, parts, 2 * count)) return -1;
                count = 0;
            }
        }
    }
    return count && !write_all(peer, parts, 2 * count) ? -1 : (ssize_t)used;
}

static void *serve(void *given) {
    int peer = (int)(intptr_t)given, asked = 0, on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    uint8_t *input = malloc(INPUT);
    size_t have = 0;
    ssize_t got, used;
    if (greet(peer)) {
        while ((got = recv(peer, input + have, INPUT - have, 0)) > 0) {
            have += got;
            if ((used = answer(peer, input, have, &asked)) < 0) break;
            have -= used;
            memmove(input, input + used, have);
        }
    }
    free(input);
    close(peer);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5 || strlen(argv[4]) != 40) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int file = open(argv[2], O_RDONLY);
    struct stat found;
    if (file < 0 || fstat(file, &found)) fail(argv[2]);
    length = found.st_size;
    piece_length = strtoull(argv[3], NULL, 10);
    for (int at = 0; at < 20; at++) sscanf(argv[4] + 2 * at, "%2hhx", &info_hash[at]);
    content = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (content == MAP_FAILED) fail("mmap");
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    int door = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(door, (void *)&address, size) || listen(door, 64) || getsockname(door, (void *)&address, &size))
        fail("listen");
    printf("port %d\n", ntohs(address.sin_port));
    for (;;) {
        int peer = accept(door, NULL, NULL);
        pthread_t thread;
        if (peer < 0 || pthread_create(&thread, NULL, serve, (void *)(intptr_t)peer)) fail("accept");
        pthread_detach(thread);
    }
}

/* The plainest sender: a whole file by sendfile to everyone who calls.  Usage: send_raw HOST FILE; prints "port N". */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    int file = open(argv[2], O_RDONLY);
    struct stat found;
    if (file < 0 || fstat(file, &found)) fail(argv[2]);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    int door = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(door, (void *)&address, size) || listen(door, 8) || getsockname(door, (void *)&address, &size))
        fail("listen");
    printf("port %d\n", ntohs(address.sin_port));
    for (;;) {
        int peer = accept(door, NULL, NULL);
        if (peer < 0) fail("accept");
        for (off_t at = 0; at < found.st_size;)
            if (sendfile(peer, file, &at, 4 << 20) <= 0) break;
        close(peer);
    }
}

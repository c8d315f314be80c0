/* Make this machine's free memory stay: a guest gives large free blocks back to its host and pays seconds per GiB to
   touch them again. This touches nearly all that is free, then keeps one page in 512, so that no free block is large
   enough to be given back. Prints "held" and stays until it is killed.  Usage: hold_memory MIB */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    size_t page = 4096, block = 512 * page, size = (strtoull(argv[1], NULL, 10) << 20) / block * block;
    char *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) return 1;
    madvise(all, size, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += page) all[at] = 1;
    for (size_t at = 0; at < size; at += block) madvise(all + at + page, block - page, MADV_DONTNEED);
    puts("held");
    fflush(stdout);
    pause();
}

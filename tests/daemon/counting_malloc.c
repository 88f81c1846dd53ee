/* Counts the allocations of the thread called "core" in the first word of the file that
 * COUNT_FILE names. To be preloaded. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static unsigned long *count;

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("COUNT_FILE");
	int file = path ? open(path, O_RDWR) : -1;
	void *start = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (start != MAP_FAILED)
		count = start;
}

static void allocated(void)
{
	char name[16] = "";

	if (count && !prctl(PR_GET_NAME, name) && !strcmp(name, "core"))
		__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
	allocated();
	return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	allocated();
	return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	allocated();
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	allocated();
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	allocated();
	*result = __libc_memalign(alignment, size);
	return *result ? 0 : 12;
}

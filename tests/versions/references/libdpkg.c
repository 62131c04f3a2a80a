/* Orders pairs of Debian versions with libdpkg (Debian package libdpkg-dev).
 *
 * Reads lines "a<TAB>b", writes one of < = > ? a line; ? where dpkg refuses
 * or warns about one of the two.
 */
#define LIBDPKG_VOLATILE_API 1
#include <stdio.h>
#include <string.h>

#include <dpkg/dpkg.h>
#include <dpkg/dpkg-db.h>
#include <dpkg/error.h>
#include <dpkg/version.h>

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin)) {
		struct dpkg_version a, b;
		struct dpkg_error err = DPKG_ERROR_INIT;
		char *other = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		*other++ = '\0';
		if (parseversion(&a, line, &err) < 0 || parseversion(&b, other, &err) < 0) {
			puts("?");
			continue;
		}
		int order = dpkg_version_compare(&a, &b);
		puts(order < 0 ? "<" : order > 0 ? ">" : "=");
	}
	return 0;
}

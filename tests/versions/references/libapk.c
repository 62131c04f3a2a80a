/* Orders pairs of apk versions with libapk of Alpine Linux 3.20 (apk-tools 2.14).
 *
 * Reads lines "a<TAB>b", writes one of < = > ? a line; ? where apk calls one
 * of the two invalid.
 */
#include <stdio.h>
#include <string.h>

struct blob {
	long length;
	char *text;
};

int apk_version_validate(struct blob version);
int apk_version_compare_blob(struct blob left, struct blob right);

enum { EQUAL = 1, LESS = 2, GREATER = 4 };

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin)) {
		char *other = strchr(line, '\t');
		struct blob a, b;

		line[strcspn(line, "\n")] = '\0';
		*other++ = '\0';
		a = (struct blob){ strlen(line), line };
		b = (struct blob){ strlen(other), other };
		if (!apk_version_validate(a) || !apk_version_validate(b)) {
			puts("?");
			continue;
		}
		int order = apk_version_compare_blob(a, b);
		puts(order == LESS ? "<" : order == GREATER ? ">" : "=");
	}
	return 0;
}

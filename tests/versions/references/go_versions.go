// Orders pairs of Go versions: modules with golang.org/x/mod/semver, releases of Go with go/version.
//
// Reads lines "a<TAB>b", writes one of < = > ? a line; ? where a version is
// neither, or the two are not of one kind.
package main

import (
	"bufio"
	"fmt"
	"go/version"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		left, right, _ := strings.Cut(in.Text(), "\t")
		fmt.Fprintln(out, order(left, right))
	}
}

func order(left, right string) string {
	if version.IsValid(left) && version.IsValid(right) {
		return "<=>"[version.Compare(left, right)+1 : version.Compare(left, right)+2]
	}
	left, right = prefixed(left), prefixed(right)
	if !semver.IsValid(left) || !semver.IsValid(right) {
		return "?"
	}
	return "<=>"[semver.Compare(left, right)+1 : semver.Compare(left, right)+2]
}

func prefixed(text string) string {
	return "v" + strings.TrimPrefix(text, "v")
}

// Verifies a ledger with readers that know nothing of patchgate: the signed note and the
// tiles with golang.org/x/mod/sumdb, the proofs with transparency-dev/merkle.
//
//	foreign LEDGER VKEY PROOFS
//
// PROOFS is JSON: the proofs that patchgate made for this ledger.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proofs struct {
	Inclusion   [][][]byte // of each entry in the ledger
	Consistency [][][]byte // of each size from 1 with the ledger
}

type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		content, err := os.ReadFile(filepath.Join(t.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder, vkey := os.Args[1], os.Args[2]
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	check(err)
	verifier, err := note.NewVerifier(vkey)
	check(err)
	signed, err := note.Open(text, note.VerifierList(verifier))
	check(err)
	origin, rest, _ := strings.Cut(signed.Text, "\n")
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	check(err)
	reader := tlog.TileHashReader(tree, tiles{folder})

	var given proofs
	content, err := os.ReadFile(os.Args[3])
	check(err)
	check(json.Unmarshal(content, &given))
	size := uint64(tree.N)
	if len(given.Inclusion) != int(size) || len(given.Consistency) != int(size) {
		log.Fatal("a proof for each entry and each size is expected")
	}
	for n := int64(0); n < tree.N; n++ {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		check(err)
		check(proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n), size, hashes[0][:], given.Inclusion[n], tree.Hash[:]))
		own, err := tlog.ProveRecord(tree.N, n, reader)
		check(err)
		check(tlog.CheckRecord(own, tree.N, tree.Hash, n, hashes[0]))
		older, err := tlog.TreeHash(n+1, reader)
		check(err)
		check(proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(n+1), size, given.Consistency[n], older[:], tree.Hash[:]))
	}
	fmt.Printf("%s %d\n", origin, tree.N)
}

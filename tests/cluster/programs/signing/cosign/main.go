// Command cosign is upstream's, without its clients of four clouds' key services: here keys are files.
package main

import (
	"os"

	"github.com/sigstore/cosign/v3/cmd/cosign/cli"
)

func main() {
	if err := cli.New().Execute(); err != nil {
		os.Exit(1) // the command has said why
	}
}

// SPDX-License-Identifier: MIT

// Go's github.com/pin/tftp, serving the files of a directory: pin ADDRESS ROOT
package main

import (
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/pin/tftp"
)

func path(name string) string {
	return filepath.Join(os.Args[2], filepath.Clean("/"+name))
}

func read(name string, to io.ReaderFrom) error {
	file, err := os.Open(path(name))
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		to.(tftp.OutgoingTransfer).SetSize(info.Size())
	}
	_, err = to.ReadFrom(file)
	return err
}

func write(name string, from io.WriterTo) error {
	file, err := os.Create(path(name))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = from.WriteTo(file)
	return err
}

func main() {
	log.Fatal(tftp.NewServer(read, write).ListenAndServe(os.Args[1]))
}

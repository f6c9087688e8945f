package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// javaVariable holds the path of java. It makes this program a java for firebase-tools that ends with `local`.
//
// firebase-tools puts java into a process group of its own, out of the reach of signals, and forgets it when it is
// stopped early. But java has the standard input of firebase-tools. So that is a pipe: runJava ends java when a byte
// comes, or the end because `local` is gone. And `local` knows that all are gone when it can write no longer.
const javaVariable = "WILLSON_JAVA"

// runJava runs java until ctx is over or standard input has something to read.
func runJava(ctx context.Context, args []string) error {
	// firebase-tools shares the pipe and may do this at any time: Go has to know before it reads.
	if err := syscall.SetNonblock(0, true); err != nil {
		return err
	}
	input := os.NewFile(0, "stdin")
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = input.Read(make([]byte, 1))
		stop()
	}()
	cmd := exec.CommandContext(ctx, os.Getenv(javaVariable), args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// useJava makes cmd find runJava as java, through a link below dir, and returns the pipe that ends it.
func useJava(cmd *exec.Cmd, dir string) (lifeline *os.File, err error) {
	java, errJava := exec.LookPath("java")
	self, errSelf := os.Executable()
	bin := filepath.Join(dir, "bin")
	if err := errors.Join(errJava, errSelf, os.Mkdir(bin, 0o755), os.Symlink(self, filepath.Join(bin, "java"))); err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Environ(), javaVariable+"="+java, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Stdin, lifeline, err = os.Pipe()
	return lifeline, err
}

// endJava returns when nobody has the other end of the lifeline any more, or after 10 s.
func endJava(lifeline *os.File) {
	defer lifeline.Close()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := lifeline.Write([]byte{0}); err != nil {
			return
		}
	}
}

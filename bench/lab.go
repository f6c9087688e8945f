package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"willson/internal/issuer"
)

// A lab is everything that a measurement needs: the stand-in Firestore, the
// issuer of tokens, and the targets, running and warm.
type lab struct {
	plan
	dir     string // for what is built
	stderr  io.Writer
	issuer  *issuer.Issuer
	standin *firestore
	targets []target
	running []*process
	askers  map[rows][]asker
	// tokens are for the scenario in which none is seen twice.
	tokens  []asker
	sizes   map[rows]int // of the answers
	results results
}

// The bench runs in the module's root.
const (
	serverPackage = "."
	floorPackage  = "./bench/floor"
	peerDir       = "bench/peer"
)

func newLab(ctx context.Context, p plan) (*lab, error) {
	l := &lab{plan: p, askers: make(map[rows][]asker), sizes: make(map[rows]int)}
	if p.verbose {
		l.stderr = os.Stderr
	}
	for _, step := range []func(context.Context) error{
		l.build, l.installPeer, l.startStandin, l.startIssuer, l.signTokens, l.startTargets,
	} {
		if err := step(ctx); err != nil {
			l.close()
			return nil, err
		}
	}
	l.results.Machine = fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), cpuModel(), runtime.Version())
	return l, nil
}

func (l *lab) close() {
	for _, p := range l.running {
		p.stop()
	}
	if l.standin != nil {
		l.standin.stop()
	}
	if l.issuer != nil {
		l.issuer.Close()
	}
	if l.dir != "" {
		os.RemoveAll(l.dir)
	}
}

func (l *lab) build(ctx context.Context) (err error) {
	if l.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	for out, pkg := range map[string]string{"willson": serverPackage, "floor": floorPackage} {
		if err := command(ctx, "", "go", "build", "-o", filepath.Join(l.dir, out), pkg); err != nil {
			return err
		}
	}
	return nil
}

// installPeer installs the peer's packages, once.
func (l *lab) installPeer(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(peerDir, "node_modules")); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return command(ctx, peerDir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	return nil
}

// A firestore is the stand-in's process.
type firestore struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	addr string
}

func (l *lab) startStandin(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f := &firestore{cmd: exec.CommandContext(ctx, self, standinCommand)}
	f.cmd.Stderr = os.Stderr
	if f.in, err = f.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := f.cmd.Start(); err != nil {
		return err
	}
	l.standin = f
	f.out = bufio.NewScanner(out)
	f.addr, err = f.line()
	return err
}

func (f *firestore) line() (string, error) {
	if !f.out.Scan() {
		return "", fmt.Errorf("the stand-in is gone: %w", errors.Join(f.out.Err(), io.ErrUnexpectedEOF))
	}
	return f.out.Text(), nil
}

func (f *firestore) setLatency(d time.Duration) error {
	if _, err := fmt.Fprintln(f.in, d); err != nil {
		return err
	}
	_, err := f.line()
	return err
}

func (f *firestore) stop() {
	f.in.Close()
	f.cmd.Wait()
}

func (l *lab) startIssuer(context.Context) (err error) {
	l.issuer, err = issuer.New()
	return err
}

// How many askers there are. Those with many rows are fewer: the stand-in keeps
// their answers in memory.
const (
	usualAskers = 200
	manyAskers  = 20
)

// signTokens signs every token in advance: a signature takes a millisecond of
// the CPU that the targets need.
func (l *lab) signTokens(ctx context.Context) error {
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	sign := func(into *asker, uid string, age int64) {
		group.Go(func() error {
			*into = asker{uid, l.issuer.Token(uid, func(_, claims map[string]any) {
				claims["iat"] = claims["iat"].(int64) - age
			})}
			return nil
		})
	}
	for _, r := range append([]rows{usualRows}, rowCounts...) {
		n := manyAskers
		if r == usualRows {
			n = usualAskers
		}
		l.askers[r] = make([]asker, n)
		for i := range n {
			sign(&l.askers[r][i], r.uid(i), 60)
		}
	}
	// The age makes each token another one: of the same askers, a second apart.
	l.tokens = make([]asker, l.firstTokens())
	for i := range l.tokens {
		sign(&l.tokens[i], usualRows.uid(i%usualAskers), int64(61+i/usualAskers))
	}
	return group.Wait()
}

func (l *lab) startTargets(ctx context.Context) error {
	peer, err := filepath.Abs(filepath.Join(peerDir, "server.mjs"))
	if err != nil {
		return err
	}
	firestore := []string{"GOOGLE_CLOUD_PROJECT=" + l.issuer.Project, "FIRESTORE_EMULATOR_HOST=" + l.standin.addr}
	l.targets = []target{
		{
			name: willson, title: "Willson", tokens: true,
			command: []string{filepath.Join(l.dir, "willson")},
			env:     append(l.issuer.Env(), firestore...),
		},
		{
			name: node, title: "Node: Express, firebase-admin", tokens: true,
			command: []string{"node", peer},
			env: append([]string{"NODE_ENV=production", "BENCH_ISSUER=" + l.issuer.Addr(),
				"NODE_EXTRA_CA_CERTS=" + l.issuer.CAFile()}, firestore...),
		},
		{
			name: floor, title: "Floor: the two queries",
			command: []string{filepath.Join(l.dir, "floor")},
			env:     firestore,
		},
		{
			name: floorBytes, title: "Floor, documents not decoded",
			command: []string{filepath.Join(l.dir, "floor"), "-bytes"},
			env:     firestore,
		},
	}
	for _, t := range l.targets {
		p, err := t.start(ctx, t.request(l.askers[usualRows][0], 0, ""), l.stderr)
		if err != nil {
			return err
		}
		l.running = append(l.running, p)
	}
	return l.verify(ctx)
}

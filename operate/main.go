// Command operate is for operators: it looks people up, gives pots, judges willsoners, and
// ends sessions that nobody can end any more. docs/operations.md says when.
//
//	go run ./operate -project my-project account asker@example.com
//	go run ./operate -project my-project give UID 15
//	go run ./operate -project my-project judge UID approved
//	go run ./operate -project my-project end 15145
//
// It uses the credentials of `gcloud auth application-default login`, or the emulator that
// FIRESTORE_EMULATOR_HOST names, and says which. What changes something asks back first.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"willson/life"
	"willson/reference"
	"willson/store"
)

// main leaves Ctrl-C as it is, which also ends a question: each change is one transaction.
func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv("FIRESTORE_EMULATOR_HOST"), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "operate:", err)
		os.Exit(1)
	}
}

const usage = `usage: operate -project PROJECT [-yes] COMMAND
  account UID|ADDRESS   what is kept of somebody
  give UID POTS         give pots; take them for a negative number
  judge UID STATUS      a willsoner's status: approved, rejected, waiting or reregister
  end MATCH             end a session: match, chatroom, reservation and concern`

// patience bounds all that one command does.
const patience = 30 * time.Second

func run(ctx context.Context, args []string, emulator string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("operate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	project := flags.String("project", "", "the Firebase project")
	yes := flags.Bool("yes", false, "do not ask back")
	if err := flags.Parse(args); err != nil || *project == "" {
		return errors.New(usage)
	}
	data, err := reference.Load()
	if err != nil {
		return err
	}
	kept, err := store.Open(ctx, store.Config{
		Project:      *project,
		EmulatorHost: emulator,
		Reference:    data,
		Log:          slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Metrics:      prometheus.NewRegistry(),
	})
	if err != nil {
		return err
	}
	defer kept.Close()
	where := "project " + *project
	if emulator != "" {
		where += ", the emulator at " + emulator
	}
	fmt.Fprintf(out, "%s\n", where)
	o := operator{kept, *yes, bufio.NewScanner(in), out}
	return o.do(ctx, flags.Args())
}

// An operator is somebody at a terminal.
type operator struct {
	store *store.Store
	yes   bool
	in    *bufio.Scanner
	out   io.Writer
}

func (o *operator) do(ctx context.Context, args []string) error {
	command := strings.Join(args[:min(1, len(args))], "")
	switch {
	case command == "account" && len(args) == 2:
		return o.account(ctx, args[1])
	case command == "give" && len(args) == 3:
		return o.give(ctx, args[1], args[2])
	case command == "judge" && len(args) == 3:
		return o.judge(ctx, args[1], args[2])
	case command == "end" && len(args) == 2:
		return o.end(ctx, args[1])
	}
	return errors.New(usage)
}

// errLeft is what a command ends with that was not confirmed.
var errLeft = errors.New("left as it is")

func (o *operator) confirm(question string) error {
	if o.yes {
		return nil
	}
	fmt.Fprintf(o.out, "%s [y/N] ", question)
	if o.in.Scan(); strings.ToLower(strings.TrimSpace(o.in.Text())) != "y" {
		return errLeft
	}
	return nil
}

// find looks somebody up and says who it is.
func (o *operator) find(ctx context.Context, who string) (store.Home, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	home, err := o.store.Find(ctx, who)
	if lower := strings.ToLower(who); errors.Is(err, life.ErrUserNotFound) && lower != who {
		home, err = o.store.Find(ctx, lower) // Firebase writes addresses in small letters
	}
	if errors.Is(err, life.ErrUserNotFound) {
		return home, fmt.Errorf("nobody has the uid or the address %q", who)
	}
	if err != nil {
		return home, err
	}
	a := &home.Account
	fmt.Fprintf(o.out, "account %d, uid %s, %s, %s, made %s\n%d pots, of which %d can be spent\n",
		a.Idx, a.UID, a.Social, a.Email, day(a.CreatedAt), a.Pots, home.Spendable)
	if home.HasProfile {
		p := &home.Profile
		fmt.Fprintf(o.out, "willsoner %d, %s, %d reviews, %s\n", p.Idx, p.Status, p.ReviewCount, life.AvgRating(p.RatingSum, p.ReviewCount))
	}
	return home, nil
}

func day(t time.Time) string { return t.In(life.Seoul).Format(time.DateTime) }

func (o *operator) account(ctx context.Context, who string) error {
	_, err := o.find(ctx, who)
	return err
}

func (o *operator) give(ctx context.Context, uid, amount string) error {
	pots, err := strconv.ParseInt(amount, 10, 32)
	if err != nil || pots == 0 {
		return fmt.Errorf("%q is no number of pots", amount)
	}
	home, err := o.find(ctx, uid)
	if err != nil {
		return err
	}
	if err := o.confirm(fmt.Sprintf("Give %d pots?", pots)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	account, err := o.store.Give(ctx, home.Account.UID, pots)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%d pots now\n", account.Pots)
	return nil
}

func (o *operator) judge(ctx context.Context, uid, status string) error {
	if !slices.Contains([]string{life.Approved, life.Waiting, "rejected", "reregister"}, status) {
		return fmt.Errorf("%q is none of approved, rejected, waiting, reregister", status)
	}
	home, err := o.find(ctx, uid)
	if err != nil {
		return err
	}
	if !home.HasProfile {
		return errors.New("not registered as a willsoner")
	}
	if err := o.confirm("Make it " + status + "?"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	profile, err := o.store.Judge(ctx, home.Account.UID, status)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "willsoner %d is %s now\n", profile.Idx, profile.Status)
	return nil
}

func (o *operator) end(ctx context.Context, number string) error {
	idx, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no match's number", number)
	}
	look, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	session, err := o.store.SessionOf(look, idx)
	if errors.Is(err, life.ErrNotFound) {
		return fmt.Errorf("match %d does not exist, or was not selected", idx)
	}
	if err != nil {
		return err
	}
	o.tell(session)
	if err := o.confirm("End it?"); err != nil {
		return err
	}
	ctx, cancel = context.WithTimeout(ctx, patience)
	defer cancel()
	if session, err = o.store.End(ctx, idx); err != nil {
		return err
	}
	o.tell(session)
	return nil
}

func (o *operator) tell(session store.Session) {
	m := &session.Match
	fmt.Fprintf(o.out, "match %d of concern %d, asker %s, willsoner %s, %d minutes\nmatch: %s", m.Idx, m.ConcernIdx, m.AskerUID, m.WillsonerUID, m.Brief.Minutes, m.Status)
	for _, part := range []struct{ name, status string }{
		{"chatroom", session.Room}, {"reservation", session.Reservation}, {"concern", session.Concern},
	} {
		if part.status != "" {
			fmt.Fprintf(o.out, ", %s: %s", part.name, part.status)
		}
	}
	if m.IsReservation() {
		fmt.Fprintf(o.out, ", agreed for %s", day(m.StartsAt))
	}
	fmt.Fprintln(o.out)
}

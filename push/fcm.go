package push

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
	"golang.org/x/oauth2"
	"google.golang.org/api/option"
)

const (
	// maxMessages is how many the SDK takes at once; it sends fifty at a time.
	maxMessages = 500
	// maxSends bounds the sends that are under way at once.
	maxSends = 32
	// tokenTimeout ends the fetching of an access token, which does not look at a context.
	tokenTimeout = 3 * time.Second
)

var (
	errHangs = errors.New("push: FCM does not answer")
	errBusy  = errors.New("push: too many sends at once")
)

// fcm is Firebase Cloud Messaging, by the Admin SDK.
type fcm struct {
	project, endpoint string
	slots             chan struct{} // holds one for each send that is under way

	mu     sync.Mutex
	client *messaging.Client // nil until one could be made
}

// sdk returns the SDK's client, which is made at its first use: credentials and
// connections cost memory and time, and a server without credentials starts.
func (f *fcm) sdk() (*messaging.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.client != nil {
		return f.client, nil
	}
	var options []option.ClientOption
	if f.endpoint != "" {
		options = []option.ClientOption{option.WithEndpoint(f.endpoint), option.WithoutAuthentication()}
	}
	// The client fetches its access tokens with this context.
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: tokenTimeout})
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: f.project}, options...)
	if err != nil {
		return nil, err
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		return nil, err
	}
	f.client = client
	return client, nil
}

// send sends pushes at now, and notes what became of each. It ends a little before ctx
// does, whatever the SDK waits for, and reports whether it had to, though it had most of
// the time there is.
func (f *fcm) send(ctx context.Context, pushes []push, now time.Time) (hung bool) {
	fail := func(err error) {
		for i := range pushes {
			pushes[i].err = err
		}
	}
	select {
	case f.slots <- struct{}{}:
	default:
		fail(errBusy)
		return false
	}
	end, _ := ctx.Deadline()
	patience := time.Until(end) - forTokens
	messages := make([]*messaging.Message, len(pushes))
	for i, p := range pushes {
		messages[i] = message(p.Notice, p.token.Token, now)
	}
	done := make(chan []error, 1)
	go func() {
		defer func() { <-f.slots }()
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		done <- f.sendAll(ctx, messages)
	}()
	// The SDK ends with its context, but not while it looks for credentials or an access token.
	timer := time.NewTimer(patience + forTokens/4)
	defer timer.Stop()
	select {
	case errs := <-done:
		for i, err := range errs {
			pushes[i].err = err
		}
		isTimeout := func(err error) bool {
			return errors.Is(err, context.DeadlineExceeded) || errorutils.IsDeadlineExceeded(err)
		}
		return patience > within/2 && slices.ContainsFunc(errs, isTimeout)
	case <-timer.C:
		fail(errHangs)
		return patience > within/2
	}
}

// sendAll returns what became of each message.
func (f *fcm) sendAll(ctx context.Context, messages []*messaging.Message) []error {
	client, err := f.sdk()
	if err != nil {
		return slices.Repeat([]error{err}, len(messages))
	}
	errs := make([]error, 0, len(messages))
	for some := range slices.Chunk(messages, maxMessages) {
		batch, err := client.SendEach(ctx, some)
		if err != nil { // the SDK does not take one of them
			errs = append(errs, slices.Repeat([]error{err}, len(some))...)
			continue
		}
		for _, response := range batch.Responses {
			errs = append(errs, response.Error)
		}
	}
	return errs
}

// isGone reports whether FCM says that a token is no phone's of this app. It says of a
// token that never was one that an argument is invalid, and so it does of a message; of
// another project's that the sender does not match, and so it does of every token where
// this server was given the wrong project. Which of them it is can be told where FCM took a
// message of the kind before.
func isGone(err error, isGood bool) bool {
	return messaging.IsUnregistered(err) || isGood && (messaging.IsInvalidArgument(err) || messaging.IsSenderIDMismatch(err))
}

// isAnswer reports whether FCM is there and takes messages of this server, though perhaps
// not for that phone.
func isAnswer(err error) bool {
	return err == nil || isGone(err, true)
}

// reason says why a push failed, without the token, and what mends it if that is known.
func reason(p *push) string {
	const most = 300
	text := strings.ReplaceAll(p.err.Error(), p.token.Token, "(token)")
	text = strings.ToValidUTF8(text[:min(len(text), most)], "")
	if errorutils.IsPermissionDenied(p.err) || errorutils.IsUnauthenticated(p.err) {
		text += " (enable fcm.googleapis.com, and give this server's service account a role with the permission cloudmessaging.messages.create)"
	}
	return text
}
